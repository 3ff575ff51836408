// What people need who are invited to a room. Pure.

import type { RoomInfo } from './messages.js';

export function shareWords({ locked, password }: Pick<RoomInfo, 'locked' | 'password'>): string {
  const needed = password ? 'Who has this link and the password can come in' : 'Who has this link can come in';
  if (locked) return `The room is locked: nobody new is let in at the moment. ${needed} when it is unlocked.`;
  return password ? `${needed}. The password is not in the link.` : `${needed}.`;
}
