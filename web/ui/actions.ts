// What the parts of a running room can have done, whichever part they are of.

import type { Slot } from '../media.js';
import type { Question } from './parts.js';

export type Panel = 'chat' | 'people' | null;

export interface RoomActions {
  toggle(slot: Slot): void;
  panel: Panel;
  setPanel(panel: Panel): void;
  share(): void;
  settings(): void;
  ask(question: Question): void;
  leave(): void;
}
