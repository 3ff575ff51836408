// The messages of PROTOCOL.md as types, nothing else.

export type Role = 'host' | 'speaker' | 'viewer';
export type RoomKind = 'call' | 'broadcast';

export interface Live {
  mic: boolean;
  cam: boolean;
  screen: boolean;
}

export interface Member {
  id: string;
  name: string;
  role: Role;
  place: boolean;
  away: boolean;
  live: Live;
  joined: number; // ms since 1970
}

export interface RoomInfo {
  id: string;
  kind: RoomKind;
  locked: boolean;
  password: boolean;
  meshMax: number;
  membersMax: number;
}

export interface Position {
  epoch: string;
  seq: number;
}

export interface Gap {
  from: number;
  to: number;
}

export interface IceServer {
  urls: string | string[];
  username?: string;
  credential?: string;
}

export interface Ice {
  iceServers: IceServer[];
  iceTransportPolicy: 'all' | 'relay';
}

export interface Limits {
  textBytes: number;
  messageBytes: number;
  messagesPerSecond: number;
}

// ---- a room's durable records ----

export interface ChatRecord {
  t: 'chat';
  seq: number;
  at: number;
  from: string;
  name: string;
  text: string;
  reactions?: Record<string, string[]>;
  deleted?: boolean;
}

export interface DeleteRecord {
  t: 'delete';
  seq: number;
  at: number;
  from: string;
  target: number;
}

export interface ReactRecord {
  t: 'react';
  seq: number;
  at: number;
  from: string;
  target: number;
  emoji: string;
  on: boolean;
}

export interface EraseRecord {
  t: 'erase';
  seq: number;
  at: number;
  from: string;
}

export type LogRecord = ChatRecord | DeleteRecord | ReactRecord | EraseRecord;

// ---- signals between two members ----

export interface Description {
  type: 'offer' | 'answer' | 'pranswer' | 'rollback';
  sdp: string;
}

export interface Candidate {
  candidate: string;
  sdpMid: string | null;
  sdpMLineIndex: number | null;
  usernameFragment?: string | null;
}

export interface Signal {
  call: number;
  description?: Description;
  candidate?: Candidate | null;
}

// ---- from the client ----

export interface Join {
  t: 'join';
  room: string;
  name: string;
  hostKey?: string;
  password?: string;
  link?: string;
  resume?: string;
  client?: string;
  seen?: Position;
}

// A request that the server acknowledges once it is on disk.
export type DurableRequest =
  | { t: 'chat'; nonce: string; text: string }
  | { t: 'delete'; nonce: string; target: number }
  | { t: 'react'; nonce: string; target: number; emoji: string; on: boolean };

export type ClientMessage =
  | { t: 'history'; before: number; limit: number }
  | ({ t: 'signal'; to: string } & Signal)
  | ({ t: 'state' } & Live)
  | { t: 'accept' }
  | { t: 'decline' }
  | { t: 'invite'; member: string }
  | { t: 'role'; member: string; role: 'speaker' | 'viewer' }
  | ({ t: 'mute'; member: string } & Live)
  | { t: 'remove'; member: string }
  | { t: 'ban'; member: string }
  | { t: 'lock'; on: boolean }
  | { t: 'handover'; member: string }
  | { t: 'erase' }
  | { t: 'end' }
  | { t: 'going' };

// ---- from the server ----

export interface Welcome {
  t: 'welcome';
  v: 1;
  you: string;
  resume: string;
  resumed: boolean;
  room: RoomInfo;
  epoch: string;
  seq: number;
  members: Member[];
  items: LogRecord[];
  more: boolean;
  gap?: Gap;
  ice: Ice;
  limits: Limits;
}

export interface ErrorMessage {
  t: 'error';
  code: string;
  message: string;
  re?: string;
}

export interface Ack {
  t: 'ack';
  nonce: string;
  epoch: string;
  seq: number;
}

export interface History {
  t: 'history';
  before: number;
  items: LogRecord[];
  more: boolean;
}

export type RoomEvent =
  | { t: 'joined'; member: Member }
  | { t: 'member'; member: Member }
  | { t: 'left'; id: string; why: 'left' | 'lost' | 'removed' | 'banned' }
  | { t: 'room'; room: RoomInfo }
  | ({ t: 'signal'; from: string } & Signal)
  | { t: 'invited'; by: string }
  | ({ t: 'muted'; by: string } & Live)
  | { t: 'hostKey'; key: string }
  | { t: 'waiting'; on: boolean }
  | History;

export type ServerMessage =
  | Welcome
  | LogRecord
  | RoomEvent
  | Ack
  | ErrorMessage
  | { t: 'ping'; within: number }
  | { t: 'resume'; token: string }
  | { t: 'restarting'; retryMs: number; move?: boolean }
  | { t: 'bye'; code: string; message: string; retry: boolean; retryMs?: number };
