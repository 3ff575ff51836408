// The page at "/r/{room}": look the room up, lobby, the room itself, and what follows it.

import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, readIce, readRoom, type RoomSummary } from '../api.js';
import { capture, captureStore, createPeerConnection, createStream, environment, hasWebRtc } from '../browser.js';
import type { Way } from '../failures.js';
import { mayPublish } from '../media.js';
import { onEntry } from '../on_air.js';
import type { Credentials } from '../protocol.js';
import { Room } from '../room.js';
import { hostKey, keepHostKey, keepSession, loadSession, loadSettings, randomId, saveSettings } from '../storage.js';
import { FailurePage } from './failure_page.js';
import { useInterval, useStore, useWakeLock } from './hooks.js';
import { Lobby } from './lobby.js';
import { Page } from './parts.js';
import { startCapture } from './preview.js';
import { RoomView } from './room_view.js';
import type { Entry } from './start.js';

type Phase =
  | { at: 'looking' }
  | { at: 'lobby'; summary: RoomSummary; failedCode: string | null }
  | { at: 'room'; room: Room; visit: number }
  | { at: 'failed'; code: string };

const lookAgainEvery = 3_000;

interface RoomPageProps {
  name: string;
  entry: Entry | null;
  onHome(): void;
}

// Failures that the lobby shows by itself.
const lobbyCodes = new Set(['password_required', 'password_wrong']);

export function RoomPage({ name, entry, onHome }: RoomPageProps) {
  const [phase, setPhase] = useState<Phase>({ at: 'looking' });
  const [link, setLink] = useState(() => linkInAddress());
  const visits = useRef(0);
  const lastEntry = useRef<Entry | null>(entry);

  const look = async (failedCode: string | null, unseen = false) => {
    if (!unseen) setPhase({ at: 'looking' });
    try {
      setPhase({ at: 'lobby', summary: await readRoom(name), failedCode });
    } catch (error) {
      setPhase({ at: 'failed', code: error instanceof ApiError ? error.code : 'unreachable' });
    }
  };
  // A server that is away comes back, and so do we.
  useInterval(() => void look(null, true), phase.at === 'failed' && phase.code === 'unreachable' ? lookAgainEvery : null);
  const enter = (who: Entry) => {
    lastEntry.current = who;
    visits.current++;
    setPhase({ at: 'room', room: openRoom(name, who, link), visit: visits.current });
  };
  const onClosed = (code: string) => {
    if (code === 'host_key_bad') {
      keepHostKey(name, null);
      return lastEntry.current ? enter(lastEntry.current) : void look(null);
    }
    if (lobbyCodes.has(code)) return void look(code);
    setPhase({ at: 'failed', code });
  };
  const onWay = (way: Way) => {
    if (way === 'home') return onHome();
    if (way === 'plain') {
      history.replaceState(history.state, '', location.pathname);
      setLink(undefined);
    }
    if (way === 'rejoin' && lastEntry.current) return enter(lastEntry.current);
    void look(null);
  };

  useEffect(() => {
    // A reload comes straight back in, as does who has just made the room.
    if (entry) enter(entry);
    else if (loadSession(name).resume) enter({ name: loadSettings().name || 'Guest' });
    else void look(null);
  }, []);

  switch (phase.at) {
    case 'looking':
      return (
        <Page onHome={onHome}>
          <p class="lead looking" role="status">
            Looking for the room…
          </p>
        </Page>
      );
    case 'failed':
      return <FailurePage code={phase.code} onWay={onWay} />;
    case 'lobby':
      return (
        <Lobby
          summary={phase.summary}
          failedCode={phase.failedCode}
          host={hostKey(name) !== undefined}
          invited={link !== undefined}
          onJoin={enter}
          onHome={onHome}
        />
      );
    case 'room':
      return (
        <RunningRoom
          key={phase.visit}
          room={phase.room}
          name={name}
          unsaved={lastEntry.current?.unsaved ?? false}
          onClosed={onClosed}
          onHome={onHome}
        />
      );
  }
}

interface RunningRoomProps {
  room: Room;
  name: string;
  unsaved: boolean;
  onClosed(code: string): void;
  onHome(): void;
}

// Ties a room to this page for as long as it is shown.
function RunningRoom({ room, name, unsaved, onClosed, onHome }: RunningRoomProps) {
  useEffect(() => {
    const unsubscribe = captureStore.subscribe(() => room.captureChanged());
    const online = () => room.retryNow();
    const shown = ({ persisted }: PageTransitionEvent) => persisted && room.retryNow();
    const hidden = () => room.goAway();
    addEventListener('online', online);
    addEventListener('pagehide', hidden);
    addEventListener('pageshow', shown);
    // A debugging aid, and what browser tests look at: the peer connections of this page.
    Object.defineProperty(window, 'waaft', { configurable: true, value: { peers: () => room.connections() } });
    room.start();
    return () => {
      unsubscribe();
      removeEventListener('online', online);
      removeEventListener('pagehide', hidden);
      removeEventListener('pageshow', shown);
      Reflect.deleteProperty(window, 'waaft');
      room.leave();
    };
  }, [room]);
  const closed = useStore(room.store, ({ status }) => (status.state === 'closed' ? status.code : null));
  useEffect(() => {
    if (closed) onClosed(closed);
  }, [closed]);
  useCaptureOnEntry(room);
  useWakeLock();
  return <RoomView room={room} name={name} unsaved={unsaved} onHome={onHome} />;
}

// Also when somebody comes back after so long a time that they are somebody else.
function useCaptureOnEntry(room: Room): void {
  const you = useStore(room.store, (state) => state.you);
  useEffect(() => {
    const me = room.me();
    const kind = room.store.get().room?.kind;
    if (!me || !kind) return;
    if (mayPublish(me)) startCapture(onEntry(kind, loadSettings(), room.liveBefore));
    else capture.stop();
  }, [you]);
}

function linkInAddress(): string | undefined {
  return new URLSearchParams(location.hash.slice(1)).get('link') ?? undefined;
}

function openRoom(name: string, entry: Entry, link: string | undefined): Room {
  const session = loadSession(name);
  const credentials: Credentials = {
    room: name,
    name: entry.name,
    hostKey: hostKey(name),
    password: entry.password,
    link,
    client: loadSettings().client,
    resume: session.resume,
    seen: session.seen,
  };
  return new Room(
    {
      environment,
      canConnect: hasWebRtc,
      createPeerConnection,
      createStream,
      capture,
      newNonce: randomId,
      readIce: (resume) => readIce(name, resume),
      keep: (state) => keepSession(name, state),
      keepHostKey: (key) => keepHostKey(name, key),
      keepOff: ({ mic, cam }) => saveSettings({ ...(mic && { mic: false }), ...(cam && { cam: false }) }),
    },
    credentials,
    session,
  );
}
