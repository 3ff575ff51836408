// What the room has to say: connection, no place, being the host of a broadcast, short notices.

import { useEffect, useState } from 'preact/hooks';
import { capture, environment, hasWebRtc } from '../browser.js';
import { failure } from '../failures.js';
import { isLive } from '../on_air.js';
import type { Status } from '../protocol.js';
import type { Notice, Room } from '../room.js';
import { loadSettings } from '../storage.js';
import type { RoomActions } from './actions.js';
import { useFields, useInterval, useStore } from './hooks.js';
import { CloseIcon } from './icons.js';
import { Button, IconButton } from './parts.js';
import { DeviceFailures } from './preview.js';

export function ConnectionStatus({ room }: { room: Room }) {
  const status = useStore(room.store, (state) => state.status);
  const everJoined = useStore(room.store, (state) => state.everJoined);
  return (
    <p class={`status status-${status.state}`} role="status" data-testid="status" data-state={status.state}>
      {statusWords(status, everJoined)}
    </p>
  );
}

function statusWords(status: Status, everJoined: boolean): string {
  switch (status.state) {
    case 'joined':
      return 'Connected';
    case 'connecting':
      return everJoined ? 'Reconnecting' : 'Connecting';
    case 'waiting':
      return 'Reconnecting';
    case 'closed':
      return 'Disconnected';
  }
}

interface BannersProps {
  room: Room;
  actions: RoomActions;
  unsaved: boolean; // when it was made
}

export function Banners({ room, actions, unsaved }: BannersProps) {
  const state = useFields(room.store, 'room', 'members', 'you', 'capture', 'waiting', 'status');
  const me = state.members.find(({ id }) => id === state.you);
  const broadcast = state.room?.kind === 'broadcast';
  const failing = Object.values(state.capture.failures).some(Boolean);
  return (
    <div class="banners">
      <AwayBanner room={room} />
      {!hasWebRtc && (
        <div class="note note-warn" data-testid="no-webrtc" role="status">
          <p>
            <strong>No pictures or sound in this browser.</strong> It has no WebRTC, or it is switched off. You have the chat
            and see who is here.
          </p>
        </div>
      )}
      {state.waiting && state.status.state === 'joined' && (
        <div class="note note-warn" data-testid="chat-waits" role="status">
          <p>
            <strong>The chat waits.</strong> The call goes on; what you write is sent as soon as the server can keep it.
          </p>
        </div>
      )}
      {unsaved && <UnsavedBanner room={room} />}
      {me && !me.place && state.room && (
        <div class="note note-info" data-testid="no-place" role="status">
          <p>
            The room shows direct video to the first {state.room.meshMax} people. You have the chat; your picture starts
            when a place frees.
          </p>
        </div>
      )}
      {broadcast && me?.role === 'host' && <HostBanner room={room} actions={actions} />}
      {broadcast && me?.role === 'speaker' && <SpeakerBanner room={room} />}
      {failing && me?.role !== 'viewer' && <DeviceFailures state={state.capture} />}
    </div>
  );
}

// A message that was posted shows that there is space again.
function UnsavedBanner({ room }: { room: Room }) {
  const unsaved = useStore(room.store, ({ log }) => log.messages.length === 0);
  if (!unsaved) return null;
  return (
    <div class="note note-warn" data-testid="unsaved" role="status">
      <p>
        <strong>This room is not saved yet:</strong> the server’s disk is full. If the server restarts before there is
        space, the room is gone.
      </p>
    </div>
  );
}

const whyWords = {
  lost: 'The connection to the server was lost.',
  unreachable: 'The server doesn’t answer.',
  restarting: 'The server is restarting.',
  busy: 'The server is busy.',
};

// Direct video goes on without the server; only chat and newcomers wait.
function AwayBanner({ room }: { room: Room }) {
  const status = useStore(room.store, (state) => state.status);
  const everJoined = useStore(room.store, (state) => state.everJoined);
  const [, tick] = useState(0);
  useInterval(() => tick((count) => count + 1), status.state === 'waiting' ? 500 : null);
  const trying = status.state === 'connecting' && (everJoined || status.attempt > 0);
  if (status.state !== 'waiting' && !trying) return null;
  const seconds = status.state === 'waiting' ? Math.max(0, Math.ceil((status.until - environment.now()) / 1000)) : 0;
  return (
    <div class="note note-warn" data-testid="reconnecting">
      <p>
        <strong>{status.state === 'waiting' ? whyWords[status.why] : 'Reconnecting…'}</strong>{' '}
        {seconds > 0 && <span>Trying again in {seconds} s. </span>}
        {everJoined && <span>Direct video goes on; what you write is sent when the server is back.</span>}
      </p>
      {status.state === 'waiting' && (
        <Button data-testid="retry-now" onClick={() => room.retryNow()}>
          Retry now
        </Button>
      )}
    </div>
  );
}

function HostBanner({ room, actions }: { room: Room; actions: RoomActions }) {
  const watching = useStore(room.store, ({ members }) => members.filter(({ role, away }) => role === 'viewer' && !away).length);
  const live = useStore(room.store, ({ capture: { on } }) => isLive(on));
  return (
    <div class="note note-brand" data-testid="host-banner">
      <p>
        <strong>{live ? 'You are live.' : 'You are not live.'}</strong>{' '}
        {watching === 0 ? 'Nobody is watching yet: share the link.' : watching === 1 ? 'One person is watching.' : `${watching} people are watching.`}
      </p>
      {!live && <GoLive room={room} />}
      {watching === 0 ? (
        <Button onClick={actions.share}>Share the link</Button>
      ) : (
        <Button onClick={() => actions.setPanel('people')}>Invite to speak</Button>
      )}
    </div>
  );
}

// For who was made a speaker. Once live, they know how; whoever only listens then is left alone.
function SpeakerBanner({ room }: { room: Room }) {
  const live = useStore(room.store, ({ capture: { on } }) => isLive(on));
  const [wasLive, setWasLive] = useState(live);
  useEffect(() => {
    if (live) setWasLive(true);
  }, [live]);
  if (wasLive) return null;
  return (
    <div class="note note-brand" data-testid="speaker-banner">
      <p>
        <strong>You may speak.</strong> Nobody sees or hears you until you go live.
      </p>
      <GoLive room={room} />
    </div>
  );
}

// With what the preview and the bar were left at.
function GoLive({ room }: { room: Room }) {
  const { mic, cam } = useStore(room.store, (state) => state.capture.busy);
  const wished = loadSettings();
  if (!wished.mic && !wished.cam) return <p>Turn on your microphone or camera to go live.</p>;
  return (
    <Button tone="main" data-testid="go-live" disabled={mic || cam} onClick={() => void capture.start(wished.mic, wished.cam)}>
      Go live
    </Button>
  );
}

export function Notices({ room }: { room: Room }) {
  const notices = useStore(room.store, (state) => state.notices);
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <div key={notice.id} class={`notice ${notice.kind === 'failure' ? 'notice-failure' : ''}`}>
          <p {...(notice.kind === 'failure' ? { 'data-testid': 'failure', 'data-code': notice.code } : {})}>
            {noticeWords(notice)}
          </p>
          <IconButton label="Dismiss" onClick={() => room.dismiss(notice.id)}>
            <CloseIcon size={18} />
          </IconButton>
        </div>
      ))}
    </div>
  );
}

function noticeWords(notice: Notice): string {
  switch (notice.kind) {
    case 'failure': {
      const { title, text } = failure(notice.code);
      return `${title}. ${text}`;
    }
    case 'came':
      return `${notice.name} came in.`;
    case 'went':
      return `${notice.name} left.`;
    case 'removed':
      return `The host removed ${notice.name}.`;
    case 'muted': {
      const parts = [notice.live.mic && 'microphone', notice.live.cam && 'camera', notice.live.screen && 'screen'];
      return `The host turned off your ${parts.filter(Boolean).join(' and ')}.`;
    }
    case 'host':
      return 'You are the host now.';
    case 'speaker':
      return 'You may speak now.';
    case 'viewer':
      return 'You are watching now; your camera and microphone are off.';
    case 'place':
      return 'A place is free: your video starts.';
    case 'back':
      return 'Connected again.';
  }
}
