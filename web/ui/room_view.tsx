// A running room: header, stage, chat or people, and the bar of controls.

import { useEffect, useRef, useState } from 'preact/hooks';
import { backGuard, capture } from '../browser.js';
import type { Slot } from '../media.js';
import { isLive } from '../on_air.js';
import type { Room } from '../room.js';
import { saveSettings } from '../storage.js';
import type { Panel, RoomActions } from './actions.js';
import { ChatPanel } from './chat_panel.js';
import { ControlBar } from './control_bar.js';
import { Banners, ConnectionStatus, Notices } from './banners.js';
import { useMedia, useShortcuts, useStore, useTitle } from './hooks.js';
import { LockIcon, Mark } from './icons.js';
import { LinksDialog } from './links_dialog.js';
import { Confirm, Dialog, ThemeToggle, type Question } from './parts.js';
import { PeoplePanel } from './people_panel.js';
import { startCapture } from './preview.js';
import { SettingsDialog } from './settings_dialog.js';
import { ShareDialog } from './share_dialog.js';
import { Stage } from './stage.js';

interface RoomViewProps {
  room: Room;
  name: string;
  unsaved: boolean; // when it was made
  onHome(): void;
}

export function RoomView({ room, name, unsaved }: RoomViewProps) {
  useTitle(`${name} – waaft`);
  const wide = useMedia('(min-width: 1100px)');
  const { panel, showPanel, setPanel, byHand } = usePanel(room);
  const [dialog, setDialog] = useState<'share' | 'links' | 'settings' | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const toggle = (slot: Slot) => {
    const on = !(capture.state.on[slot] || capture.state.busy[slot]);
    if (slot !== 'screen') saveSettings({ [slot]: on });
    void capture.toggle(slot);
  };
  const actions: RoomActions = {
    toggle,
    panel,
    setPanel,
    share: () => setDialog('share'),
    settings: () => setDialog('settings'),
    ask: setQuestion,
    leave: () => room.leave(),
  };
  useBackGuard(room, setQuestion);
  const onAnswered = () => {
    setQuestion(null);
    backGuard.stay();
  };
  const publishes = useStore(room.store, ({ members, you }) => members.some(({ id, role }) => id === you && role !== 'viewer'));
  const info = useStore(room.store, (state) => state.room);
  const hostKey = useStore(room.store, (state) => (room.me()?.role === 'host' ? state.hostKey : null));
  const broadcast = info?.kind === 'broadcast';
  // In a broadcast the chat is half of what there is to do.
  useEffect(() => {
    if (broadcast && wide) showPanel('chat');
  }, [broadcast]);
  useShortcuts((shortcut) => {
    if (shortcut === 'chat') setPanel(panel === 'chat' ? null : 'chat');
    else if (shortcut === 'close' && panel && !wide) setPanel(null);
    else if (shortcut !== 'close' && publishes) toggle(shortcut);
  });
  return (
    <div class={`room ${panel ? 'room-with-panel' : ''}`}>
      <RoomHeader room={room} name={name} />
      <main class="room-main" aria-label="Video">
        <Banners room={room} actions={actions} unsaved={unsaved} />
        <Notices room={room} />
        <Stage room={room} />
      </main>
      {panel === 'chat' && <ChatPanel room={room} actions={actions} focus={byHand} />}
      {panel === 'people' && <PeoplePanel room={room} actions={actions} />}
      <ControlBar room={room} actions={actions} publishes={publishes} />
      {dialog === 'share' && (
        <ShareDialog room={name} info={info} onLinks={hostKey ? () => setDialog('links') : null} onClose={() => setDialog(null)} />
      )}
      {dialog === 'links' && hostKey && (
        <LinksDialog room={name} hostKey={hostKey} kind={info?.kind ?? 'call'} ask={setQuestion} onClose={() => setDialog(null)} />
      )}
      {dialog === 'settings' && <SettingsDialog publishes={publishes} onClose={() => setDialog(null)} />}
      {question && <Confirm question={question} onDone={onAnswered} />}
      <InvitationDialog room={room} />
    </div>
  );
}

// By hand the panel takes the focus, and gives it back to its button.
function usePanel(room: Room) {
  const [panel, setPanelState] = useState<Panel>(null);
  const byHand = useRef(false);
  const showPanel = (next: Panel) => {
    setPanelState(next);
    room.showChat(next === 'chat');
  };
  const setPanel = (next: Panel) => {
    byHand.current = true;
    showPanel(next);
    if (next === null && panel) document.querySelector<HTMLElement>(`[data-panel=${panel}]`)?.focus();
  };
  return { panel, showPanel, setPanel, byHand: byHand.current };
}

function useBackGuard(room: Room, ask: (question: Question) => void): void {
  useEffect(() => {
    const question = {
      title: 'Leave the room?',
      text: 'The others go on without you. You can come back with the same link.',
      yes: 'Leave',
      run: () => backGuard.leave(),
    };
    backGuard.arm({ ask: () => ask(question), leave: () => room.leave() });
    return () => backGuard.disarm();
  }, [room]);
}

function RoomHeader({ room, name }: { room: Room; name: string }) {
  const info = useStore(room.store, (state) => state.room);
  const count = useStore(room.store, ({ members }) => members.length);
  const live = useStore(room.store, ({ members, capture, you }) =>
    members.some(({ id, live: on }) => isLive(id === you ? capture.on : on)),
  );
  const everLive = useStore(room.store, (state) => state.everLive);
  const badge = live ? 'Live' : everLive ? 'Not live' : 'Not live yet';
  return (
    <header class="room-head">
      <Mark size={28} />
      <h1 class="room-name">{name}</h1>
      {info?.kind === 'broadcast' && (
        <span class={`badge ${live ? 'badge-live' : ''}`} data-testid="live-badge">
          {badge}
        </span>
      )}
      {info?.locked && (
        <span class="badge">
          <LockIcon size={14} /> Locked
        </span>
      )}
      <span class="head-count">{count === 1 ? 'Only you' : `${count} people`}</span>
      <ConnectionStatus room={room} />
      <ThemeToggle />
    </header>
  );
}

function InvitationDialog({ room }: { room: Room }) {
  const by = useStore(room.store, ({ invitedBy, members }) =>
    invitedBy === null ? null : (members.find(({ id }) => id === invitedBy)?.name ?? 'The host'),
  );
  if (by === null) return null;
  const accept = () => {
    room.accept();
    startCapture({ mic: true, cam: true });
  };
  return (
    <Dialog title={`${by} invites you to speak`} onClose={() => room.decline()} class="dialog-small">
      <p class="quiet-text">
        Everybody will see and hear you. Your browser may ask you to allow camera and microphone; you can turn either
        off at any time.
      </p>
      <div class="row-end">
        <button type="button" class="button button-quiet" data-testid="decline" onClick={() => room.decline()}>
          Not now
        </button>
        <button type="button" class="button button-main" data-testid="accept" onClick={accept}>
          Go live
        </button>
      </div>
    </Dialog>
  );
}
