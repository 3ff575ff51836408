// What the browser keeps. localStorage: who I am and which rooms are mine. sessionStorage, so that it
// is of one tab: how to come back to a room after a reload. Where storage is refused (private
// windows, settings) everything works, and nothing is remembered.

import type { DeviceChoice } from './capture.js';
import type { KeptState } from './room.js';

export interface Settings {
  name: string;
  client: string; // random id, so that a ban holds
  devices: DeviceChoice;
  mic: boolean; // join with it on
  cam: boolean;
  theme: 'system' | 'light' | 'dark';
  shortcuts: boolean; // single letters do something in a room
}

function read<T>(storage: () => Storage, key: string): Partial<T> {
  try {
    const value: unknown = JSON.parse(storage().getItem(key) ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : {};
  } catch {
    return {};
  }
}

function write(storage: () => Storage, key: string, value: object | null): void {
  try {
    if (value) storage().setItem(key, JSON.stringify(value));
    else storage().removeItem(key);
  } catch {
    // Refused or full: see above.
  }
}

const local = () => localStorage;
const session = () => sessionStorage;
const settingsKey = 'waaft.settings';
const hostKeysKey = 'waaft.hostKeys';
const hostKeysMax = 200;

export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

let settings: Settings | null = null;

export function loadSettings(): Settings {
  if (settings) return settings;
  const defaults: Settings = {
    name: '',
    client: randomId(),
    devices: {},
    mic: true,
    cam: true,
    theme: 'system',
    shortcuts: true,
  };
  settings = { ...defaults, ...read<Settings>(local, settingsKey) };
  write(local, settingsKey, settings);
  return settings;
}

export function saveSettings(change: Partial<Settings>): void {
  settings = { ...loadSettings(), ...change };
  write(local, settingsKey, settings);
}

export function hostKey(room: string): string | undefined {
  return read<Record<string, string>>(local, hostKeysKey)[room];
}

export function keepHostKey(room: string, key: string | null): void {
  const { [room]: _, ...others } = read<Record<string, string>>(local, hostKeysKey);
  const entries = Object.entries(key ? { ...others, [room]: key } : others);
  write(local, hostKeysKey, Object.fromEntries(entries.slice(-hostKeysMax)));
}

export function loadSession(room: string): Partial<KeptState> {
  return read<KeptState>(session, `waaft.room.${room}`);
}

export function keepSession(room: string, value: KeptState | null): void {
  write(session, `waaft.room.${room}`, value);
}
