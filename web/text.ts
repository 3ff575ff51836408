// What people wrote, made ready to be sent, and to be shown as text. Pure; nothing here makes HTML.

export type Piece = { kind: 'text'; text: string } | { kind: 'link'; text: string; href: string };

const linkPattern = /\bhttps?:\/\/[^\s<>"']+/gi;
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g; // a link that holds these reads as another one
const halfPairs = /\p{Surrogate}/gu;
const segmentedMax = 20_000; // UTF-16 units
const trailing = /[.,;:!?)\]}'"]+$/;

// Cuts a message into text and links; only http and https addresses become links.
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(linkPattern)) {
    const shown = trimLink(match[0]);
    const href = safeHref(shown);
    if (!href) continue;
    if (match.index > at) out.push({ kind: 'text', text: text.slice(at, match.index) });
    out.push({ kind: 'link', text: shown.replace(turning, encodeURIComponent), href });
    at = match.index + shown.length;
  }
  if (at < text.length) out.push({ kind: 'text', text: text.slice(at) });
  return out;
}

// A sentence's punctuation is not the link's, but a bracket that the link opens is.
function trimLink(link: string): string {
  const trimmed = link.replace(trailing, '');
  return link.charAt(trimmed.length) === ')' && trimmed.includes('(') ? `${trimmed})` : trimmed;
}

function safeHref(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null;
  } catch {
    return null;
  }
}

// JSON of this can be read by everybody: half of an emoji, left over from a cut, is no character.
export function wellFormed(text: string): string {
  return text.replace(halfPairs, '\ufffd');
}

// As the server takes it: line ends of every kind become \n, colours of a terminal and other control characters go.
export function postable(text: string): string {
  return wellFormed(text)
    .replace(/\u001b\[[\u0020-\u003f]*[\u0040-\u007e]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '')
    .replace(/\r\n|[\v\f\r\u0085]/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .trim();
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : ''].map((word) => firstLetter(word ?? ''));
  return letters.join('').toUpperCase() || '?';
}

function firstLetter(word: string): string {
  return [...word][0] ?? '';
}

// One of `count` colours, always the same for the same id.
export function hue(id: string, count: number): number {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return sum % count;
}

export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

// The longest beginning of at most `bytes` bytes of UTF-8, never half a character.
export function cutUtf8(text: string, bytes: number): string {
  if (utf8Length(text) <= bytes) return text;
  let out = '';
  let used = 0;
  for (const letter of text) {
    used += utf8Length(letter);
    if (used > bytes) break;
    out += letter;
  }
  return out;
}

// What people see as one character: a flag or a letter with its accents is one. Cut from code points where the browser
// does not know better, and in what is so long that an estimate does.
function* characters(text: string): Generator<string> {
  if (typeof Intl.Segmenter !== 'function' || text.length > segmentedMax) yield* text;
  else for (const { segment } of new Intl.Segmenter().segment(text)) yield segment;
}

// How many characters must go from the end, so that the rest fits.
export function charactersOver(text: string, bytesMax: number): number {
  let used = 0;
  let over = 0;
  for (const character of characters(text)) {
    if (used <= bytesMax) used += utf8Length(character);
    if (used > bytesMax) over++;
  }
  return over;
}

// How many more characters of the same kind fit behind it.
function charactersLeft(text: string, bytesMax: number): number {
  const bytes = utf8Length(text);
  const count = [...characters(text)].length;
  return Math.floor(((bytesMax - bytes) * count) / bytes);
}

// Null while there is much space.
export function lengthWords(text: string, bytesMax: number): { text: string; tooLong: boolean } | null {
  const left = bytesMax - utf8Length(text);
  if (left >= bytesMax / 5) return null;
  if (left < 0) return { text: `Too long: remove about ${counted(charactersOver(text, bytesMax))}`, tooLong: true };
  const more = charactersLeft(text, bytesMax);
  // In tens, so that a screen reader does not speak at each key.
  return { text: `About ${counted(more > 20 ? more - (more % 10) : more)} left`, tooLong: false };
}

function counted(count: number): string {
  return count === 1 ? '1 character' : `${count} characters`;
}

// What a room may be called in its link: a-z, 0-9 and single dashes.
export function roomSlug(text: string): string {
  const plain = text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-/, '').slice(0, 64);
}

export const roomNameRule = '3 to 64 of a–z, 0–9 and dashes';

// What is left of it when somebody has typed to the end. Empty: the server is to make one up.
export function finishedRoomName(slug: string): string {
  return slug.replace(/-$/, '');
}

export function isRoomName(slug: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{1,62})[a-z0-9]$/.test(slug);
}
