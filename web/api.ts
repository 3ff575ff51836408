// The server's REST interface, as far as the page uses it. Errors: ApiError with the server's code,
// or code `unreachable` when there is no usable answer.

import type { Ice, Role, RoomKind } from './messages.js';

export interface CreatedRoom {
  room: string;
  url: string;
  hostKey: string;
  kind: RoomKind;
  kept?: false; // the server's disk is full: the room is gone if it is restarted before there is space
}

export interface RoomSummary {
  room: string;
  kind: RoomKind;
  locked: boolean;
  password: boolean;
  members: number;
  live: number | boolean;
  links?: string[]; // of the room, under addresses that reach this server from elsewhere, best first
}

export interface JoinLink {
  id: string;
  role: Role;
  name: string; // that it gives, may be empty
  madeBy: string; // the name of an API key; empty: the host
  createdAt: number;
  expiresAt: number;
  revoked: boolean;
}

export interface NewLink {
  role: Role;
  name: string;
  expiresIn: number; // seconds
}

export interface MadeLink {
  id: string;
  link: string; // the token
  expiresAt: number;
}

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly comeAgainMs: number | null = null, // the server has done nothing, and may when asked again then
  ) {
    super(message);
  }
}

const busyTriesMax = 4; // at most 11 s apart

// Asks a busy server again when it says so. `pause` waits for so many milliseconds.
export async function createRoom(
  request: { kind: RoomKind; name?: string; password?: string },
  pause: (ms: number) => Promise<void>,
): Promise<CreatedRoom> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(request) };
  for (let tries = 1; ; tries++) {
    try {
      return await call('/api/v1/rooms', init);
    } catch (error) {
      if (!(error instanceof ApiError) || error.comeAgainMs === null || tries === busyTriesMax) throw error;
      await pause(error.comeAgainMs);
    }
  }
}

export function readRoom(room: string): Promise<RoomSummary> {
  return call(`/api/v1/rooms/${encodeURIComponent(room)}`, {});
}

export function readIce(room: string, resume: string): Promise<Ice> {
  return call(`/api/v1/rooms/${encodeURIComponent(room)}/ice`, { headers: { Authorization: `Bearer ${resume}` } });
}

// ---- for the host; `key` is the host key ----

export function listLinks(room: string, key: string): Promise<JoinLink[]> {
  return call(linksPath(room), asHost(key));
}

export function makeLink(room: string, key: string, link: NewLink): Promise<MadeLink> {
  const init = asHost(key, 'POST');
  return call(linksPath(room), {
    ...init,
    headers: { ...init.headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(link),
  });
}

export function revokeLink(room: string, key: string, id: string): Promise<void> {
  return call(`${linksPath(room)}/${encodeURIComponent(id)}`, asHost(key, 'DELETE'));
}

export function voidLinks(room: string, key: string): Promise<{ voided: number }> {
  return call(linksPath(room), asHost(key, 'DELETE'));
}

function linksPath(room: string): string {
  return `/api/v1/rooms/${encodeURIComponent(room)}/links`;
}

function asHost(key: string, method = 'GET') {
  return { method, headers: { Authorization: `Bearer ${key}` } };
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, cache: 'no-store' }).catch(() => null);
  if (!response) throw new ApiError('unreachable', '');
  const body: unknown = response.status === 204 ? undefined : await response.json().catch(() => null);
  if (response.ok && body !== null) return body as T;
  const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
  throw new ApiError(error?.code ?? codeOf(response.status), error?.message ?? '', comeAgainMs(response));
}

function comeAgainMs(response: Response): number | null {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return response.status === 503 && Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 30) * 1000 : null;
}

function codeOf(status: number): string {
  if (status === 404) return 'room_unknown';
  if (status === 410) return 'room_ended';
  if (status === 429) return 'rate_limited';
  return 'unreachable';
}
