// What stands on a stage on which there is nothing to see. Pure.

import { isLive } from './on_air.js';
import type { RoomState } from './room.js';

type Known = Pick<RoomState, 'everJoined' | 'everLive' | 'room' | 'members' | 'you'>;

// Who watches a broadcast that shows nothing is told so, instead of seeing the faces of those who don't send.
export function nothingToWatch({ room, members, you }: Pick<Known, 'room' | 'members' | 'you'>): boolean {
  const me = members.find(({ id }) => id === you);
  return room?.kind === 'broadcast' && me?.role === 'viewer' && !members.some(({ live }) => isLive(live));
}

export function stageWords({ everJoined, everLive, room, members }: Known): string {
  if (!everJoined) return 'Going in…';
  if (room?.kind !== 'broadcast') return 'Nobody who may speak is here at the moment.';
  const hostIsHere = members.some(({ role, away }) => role === 'host' && !away);
  const why = !hostIsHere
    ? 'The host is not here at the moment.'
    : everLive
      ? 'The broadcast has paused: nothing is live at the moment.'
      : 'The host is here but not live yet.';
  return `${why} The picture appears here by itself.`;
}
