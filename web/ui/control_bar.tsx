import { useEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { Room } from '../room.js';
import type { RoomActions } from './actions.js';
import { useMedia, useStore } from './hooks.js';
import { ChatIcon, LeaveIcon, LinkIcon, MoreIcon, PeopleIcon, ScreenIcon, SlidersIcon } from './icons.js';
import { IconButton } from './parts.js';
import { Meter, SlotToggle } from './preview.js';

interface ControlBarProps {
  room: Room;
  actions: RoomActions;
  publishes: boolean;
}

export function ControlBar({ room, actions, publishes }: ControlBarProps) {
  const narrow = useMedia('(max-width: 640px), (max-height: 480px)');
  const { on, busy, tracks } = useStore(room.store, (state) => state.capture);
  const extras = <Extras room={room} actions={actions} publishes={publishes} narrow={narrow} />;
  return (
    <nav class="bar" aria-label="Controls">
      {publishes && (
        <>
          <span class="bar-mic">
            <SlotToggle slot="mic" on={on.mic} busy={busy.mic} onToggle={() => actions.toggle('mic')} />
            <Meter track={on.mic ? tracks.mic : null} />
          </span>
          <SlotToggle slot="cam" on={on.cam} busy={busy.cam} onToggle={() => actions.toggle('cam')} />
        </>
      )}
      {!narrow && extras}
      <PanelToggles room={room} actions={actions} />
      {narrow && <MoreMenu>{extras}</MoreMenu>}
      <IconButton label="Leave" class="leave" data-testid="leave" onClick={actions.leave}>
        <LeaveIcon size={26} />
      </IconButton>
    </nav>
  );
}

function PanelToggles({ room, actions }: { room: Room; actions: RoomActions }) {
  const unread = useStore(room.store, (state) => state.unread);
  const count = useStore(room.store, ({ members }) => members.length);
  const { panel, setPanel } = actions;
  const toggle = (which: 'chat' | 'people') => setPanel(panel === which ? null : which);
  return (
    <>
      <span class="hidden" role="status" data-testid="chat-news">
        {unread > 0 && (unread === 1 ? 'One new message in the chat' : `${unread} new messages in the chat`)}
      </span>
      <IconButton
        label={unread > 0 ? `Chat, ${unread} unread` : 'Chat'}
        class={panel === 'chat' ? 'pressed' : ''}
        aria-expanded={panel === 'chat'}
        data-testid="chat-toggle"
        data-panel="chat"
        onClick={() => toggle('chat')}
      >
        <ChatIcon />
        {unread > 0 && (
          <span class="count" data-testid="unread">
            {unread > 99 ? '99+' : unread}
          </span>
        )}
      </IconButton>
      <IconButton
        label={`People, ${count}`}
        class={panel === 'people' ? 'pressed' : ''}
        aria-expanded={panel === 'people'}
        data-testid="people-toggle"
        data-panel="people"
        onClick={() => toggle('people')}
      >
        <PeopleIcon />
      </IconButton>
    </>
  );
}

interface ExtrasProps extends ControlBarProps {
  narrow: boolean;
}

function Extras({ room, actions, publishes, narrow }: ExtrasProps) {
  const sharing = useStore(room.store, ({ capture }) => capture.on.screen);
  const canShare = publishes && 'getDisplayMedia' in (navigator.mediaDevices ?? {});
  const words = (text: string) => narrow && <span>{text}</span>;
  const shareWords = sharing ? 'Stop sharing your screen' : 'Share your screen';
  return (
    <>
      {canShare && (
        <IconButton
          label={shareWords}
          class={sharing ? 'pressed' : ''}
          data-testid="screen-toggle"
          data-on={sharing}
          onClick={() => actions.toggle('screen')}
        >
          <ScreenIcon />
          {words(shareWords)}
        </IconButton>
      )}
      <IconButton label="Settings" data-testid="devices" onClick={actions.settings}>
        <SlidersIcon />
        {words('Settings')}
      </IconButton>
      <IconButton label="Share the link" data-testid="share" onClick={actions.share}>
        <LinkIcon />
        {words('Share the link')}
      </IconButton>
    </>
  );
}

function MoreMenu({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      const outside = !ref.current?.contains(event.target as Node);
      if (outside || (event instanceof KeyboardEvent && event.key === 'Escape')) setOpen(false);
    };
    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, [open]);
  return (
    <span class="more-menu" ref={ref}>
      <IconButton label="More" aria-expanded={open} class={open ? 'pressed' : ''} onClick={() => setOpen(!open)}>
        <MoreIcon />
      </IconButton>
      {open && (
        <div class="more-list" onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </span>
  );
}
