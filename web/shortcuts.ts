// What a key press means in a running room. Pure.
//
// A letter counts by what it is, and on a layout without Latin letters by where its key is: V is also the key of the
// Cyrillic М and the Greek ω. Letters alone can be switched off (WCAG 2.1.4): people who speak to their computer press
// them without meaning to.

export type Shortcut = 'mic' | 'cam' | 'chat' | 'close';

export interface KeyPress {
  key: string;
  code: string; // the key's place, named after a US keyboard
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

const letters: Record<string, Shortcut> = { m: 'mic', v: 'cam', c: 'chat' };

// `letterKeys`: whether single letters mean anything.
export function shortcutOf(press: KeyPress, letterKeys: boolean): Shortcut | null {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat || press.isComposing) return null;
  if (press.key === 'Escape') return 'close';
  return (letterKeys && letters[letterOf(press)]) || null;
}

function letterOf({ key, code }: KeyPress): string {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  const isLetter = /^\p{L}$/u.test(key); // not a sign, a dead key or one that an input method has taken
  return isLetter ? code.replace(/^Key/, '').toLowerCase() : '';
}
