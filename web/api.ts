// The server's REST interface, as far as the page uses it. Errors: ApiError with the server's code,
// or code `unreachable` when there is no usable answer.

import type { Ice, RoomKind } from './messages.js';

export interface CreatedRoom {
  room: string;
  url: string;
  hostKey: string;
  kind: RoomKind;
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

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export function createRoom(request: { kind: RoomKind; name?: string; password?: string }): Promise<CreatedRoom> {
  return call('/api/v1/rooms', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  });
}

export function readRoom(room: string): Promise<RoomSummary> {
  return call(`/api/v1/rooms/${encodeURIComponent(room)}`, {});
}

export function readIce(room: string, resume: string): Promise<Ice> {
  return call(`/api/v1/rooms/${encodeURIComponent(room)}/ice`, { headers: { Authorization: `Bearer ${resume}` } });
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, cache: 'no-store' }).catch(() => null);
  if (!response) throw new ApiError('unreachable', '');
  const body: unknown = await response.json().catch(() => null);
  if (response.ok && body !== null) return body as T;
  const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
  throw new ApiError(error?.code ?? codeOf(response.status), error?.message ?? '');
}

function codeOf(status: number): string {
  if (status === 404) return 'room_unknown';
  if (status === 410) return 'room_ended';
  if (status === 429) return 'rate_limited';
  return 'unreachable';
}
