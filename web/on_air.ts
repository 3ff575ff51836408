// Who is on air, and what puts somebody there. Pure.
//
// In a call everybody comes in with what they wished for. In a broadcast nobody is live before they have said so in the
// room: not by starting it, by joining it as its host, nor by being made a speaker.

import type { Live, RoomKind } from './messages.js';

export type Intent = Pick<Live, 'mic' | 'cam'>;

export const isLive = ({ mic, cam, screen }: Live): boolean => mic || cam || screen;

// What to turn on for somebody who comes in. `before`: what was on before this page was loaded again; null: it was not.
export function onEntry(kind: RoomKind, wished: Intent, before: Intent | null): Intent {
  const { mic, cam } = kind === 'call' ? wished : (before ?? { mic: false, cam: false });
  return { mic, cam };
}
