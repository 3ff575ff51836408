import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortcutOf, type KeyPress, type Shortcut } from '../shortcuts.js';

const plain: KeyPress = { key: '', code: '', ctrlKey: false, metaKey: false, altKey: false, repeat: false, isComposing: false };

const presses: [what: string, press: Partial<KeyPress>, shortcut: Shortcut | null][] = [
  ['M', { key: 'm', code: 'KeyM' }, 'mic'],
  ['V', { key: 'v', code: 'KeyV' }, 'cam'],
  ['C', { key: 'c', code: 'KeyC' }, 'chat'],
  ['M with caps lock', { key: 'M', code: 'KeyM' }, 'mic'],
  ['another letter', { key: 'x', code: 'KeyX' }, null],
  ['Escape', { key: 'Escape', code: 'Escape' }, 'close'],
  ['the Cyrillic soft sign on M', { key: 'ь', code: 'KeyM' }, 'mic'],
  ['the Cyrillic М, which is on V', { key: 'м', code: 'KeyV' }, 'cam'],
  ['the Greek ψ on C', { key: 'ψ', code: 'KeyC' }, 'chat'],
  ['the Hebrew צ on M', { key: 'צ', code: 'KeyM' }, 'mic'],
  ['the Arabic ر on V', { key: 'ر', code: 'KeyV' }, 'cam'],
  ['the M of a French keyboard, where another key is', { key: 'm', code: 'Semicolon' }, 'mic'],
  ['its comma, which is where M would be', { key: ',', code: 'KeyM' }, null],
  ['the V of a Dvorak keyboard', { key: 'v', code: 'Period' }, 'cam'],
  ['its K, which is where V would be', { key: 'k', code: 'KeyV' }, null],
  ['a digit', { key: '1', code: 'Digit1' }, null],
  ['a key that an input method has taken', { key: 'Process', code: 'KeyM' }, null],
  ['a dead key', { key: 'Dead', code: 'KeyC' }, null],
  ['while composing', { key: 'm', code: 'KeyM', isComposing: true }, null],
  ['Escape while composing', { key: 'Escape', code: 'Escape', isComposing: true }, null],
  ['Ctrl and C', { key: 'c', code: 'KeyC', ctrlKey: true }, null],
  ['Command and M', { key: 'm', code: 'KeyM', metaKey: true }, null],
  ['Alt and V', { key: 'v', code: 'KeyV', altKey: true }, null],
  ['a key that is held', { key: 'm', code: 'KeyM', repeat: true }, null],
];
for (const [what, press, shortcut] of presses) {
  test(`${what} means ${shortcut ?? 'nothing'}`, () => assert.equal(shortcutOf({ ...plain, ...press }, true), shortcut));
}

test('letters can be switched off, Escape stays', () => {
  for (const [, press, shortcut] of presses) {
    assert.equal(shortcutOf({ ...plain, ...press }, false), shortcut === 'close' ? 'close' : null);
  }
});
