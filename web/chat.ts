// What is known of a room's chat, from its records. Pure: every function gives a new log.

import type { ChatRecord, Gap, LogRecord } from './messages.js';

export interface ChatLog {
  messages: ChatRecord[]; // ordered by seq, each once
  gaps: Gap[]; // missed, and not to be had
  more: boolean; // older messages exist on the server
}

export const emptyLog: ChatLog = { messages: [], gaps: [], more: false };

export function apply(log: ChatLog, record: LogRecord): ChatLog {
  switch (record.t) {
    case 'chat':
      return { ...log, messages: insert(log.messages, [record]) };
    case 'delete':
      return { ...log, messages: log.messages.map((item) => (item.seq === record.target ? deleted(item) : item)) };
    case 'react':
      return { ...log, messages: log.messages.map((item) => (item.seq === record.target ? react(item, record) : item)) };
    case 'erase':
      return { messages: log.messages.filter((item) => item.seq > record.seq), gaps: [], more: false };
  }
}

export function prepend(log: ChatLog, items: LogRecord[], more: boolean): ChatLog {
  const older = items.filter((item): item is ChatRecord => item.t === 'chat');
  return { ...log, messages: insert(log.messages, older), more };
}

export function oldestSeq(log: ChatLog): number | undefined {
  return log.messages[0]?.seq;
}

function insert(messages: ChatRecord[], added: ChatRecord[]): ChatRecord[] {
  const known = new Set(messages.map((item) => item.seq));
  const fresh = added.filter((item) => !known.has(item.seq));
  if (fresh.length === 0) return messages;
  return [...messages, ...fresh].sort((a, b) => a.seq - b.seq);
}

// Others choose the keys: one may be called as something that every object has.
export function reactedBy(item: ChatRecord, emoji: string): string[] {
  return item.reactions && Object.hasOwn(item.reactions, emoji) ? (item.reactions[emoji] ?? []) : [];
}

function deleted(item: ChatRecord): ChatRecord {
  const { reactions: _, ...rest } = item;
  return { ...rest, text: '', deleted: true };
}

function react(item: ChatRecord, { emoji, from, on }: { emoji: string; from: string; on: boolean }): ChatRecord {
  const others = reactedBy(item, emoji).filter((id) => id !== from);
  const reactions = { ...item.reactions, [emoji]: on ? [...others, from] : others };
  if (reactions[emoji]?.length === 0) delete reactions[emoji];
  return { ...item, reactions };
}
