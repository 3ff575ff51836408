// What people need who are invited to a room. Pure.

import type { RoomInfo } from './messages.js';

export function shareWords({ locked, password }: Pick<RoomInfo, 'locked' | 'password'>): string {
  const needed = password ? 'Who has this link and the password can come in' : 'Who has this link can come in';
  if (locked) return `The room is locked: nobody new is let in at the moment. ${needed} when it is unlocked.`;
  return password ? `${needed}. The password is not in the link.` : `${needed}.`;
}

const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;
const address = /^(\d+(\.\d+){3}|\[.*\])$/;

// The room's links that are worth giving to others, best first. `links`: what the server says of itself.
export function shareLinks(origin: string, room: string, links: string[] = []): string[] {
  const { hostname } = new URL(origin);
  // Nobody else gets anywhere by "localhost".
  if (links.length > 0 && local.test(hostname)) return links;
  // A name is where the server was told to be reached; an address it has found by itself, and this page knows a better one.
  const [configured] = links;
  if (configured && links.length === 1 && !address.test(new URL(configured).hostname)) return [configured];
  return [`${origin}/r/${room}`];
}
