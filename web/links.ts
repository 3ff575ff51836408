// A room's personal links in words, for its host. Pure.

import type { JoinLink } from './api.js';
import type { Role, RoomKind } from './messages.js';

const gives: Record<Role, string> = {
  host: 'comes in as host',
  speaker: 'comes in to speak',
  viewer: 'comes in to watch',
};

export const roleChoices: { role: Role; words: string }[] = [
  { role: 'viewer', words: 'Watch' },
  { role: 'speaker', words: 'Speak' },
  { role: 'host', words: 'Be the host' },
];

// What most people are invited for.
export function usualRole(kind: RoomKind): Role {
  return kind === 'call' ? 'speaker' : 'viewer';
}

const day = 86_400;
export const lifetimes = [
  { seconds: 3_600, words: '1 hour' },
  { seconds: day, words: '1 day' },
  { seconds: 7 * day, words: '1 week' },
  { seconds: 30 * day, words: '30 days' },
  { seconds: 365 * day, words: '1 year' },
];

export interface LinkWords {
  who: string;
  what: string;
  until: string;
  madeBy: string; // may be empty
}

// `time` writes a time as people here do.
export function linkWords({ role, name, madeBy, expiresAt }: JoinLink, time: (ms: number) => string): LinkWords {
  return {
    who: name || 'Anybody',
    what: gives[role],
    until: `until ${time(expiresAt)}`,
    madeBy: madeBy && `made with the API key ${madeBy}`,
  };
}

// What lets somebody in first, the newest before the older ones.
export function orderLinks(links: JoinLink[]): JoinLink[] {
  return [...links].sort((a, b) => Number(a.revoked) - Number(b.revoked) || b.createdAt - a.createdAt);
}

export function countUsable(links: JoinLink[]): number {
  return links.filter(({ revoked }) => !revoked).length;
}

export function voidedWords(count: number): string {
  if (count === 0) return 'No link let anybody in.';
  return count === 1 ? '1 link is void.' : `${count} links are void.`;
}
