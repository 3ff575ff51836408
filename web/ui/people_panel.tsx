import { useState } from 'preact/hooks';
import { troubleWords } from '../path_words.js';
import type { Live, Member, Role } from '../protocol.js';
import type { Room } from '../room.js';
import type { RoomActions } from './actions.js';
import { useStore } from './hooks.js';
import { CameraIcon, CloseIcon, MicIcon, MicOffIcon, MoreIcon, ScreenIcon } from './icons.js';
import { Button, IconButton } from './parts.js';
import { Avatar } from './tile.js';

const ranks: Record<Role, number> = { host: 0, speaker: 1, viewer: 2 };

export function PeoplePanel({ room, actions }: { room: Room; actions: RoomActions }) {
  const members = useStore(room.store, (state) => state.members);
  const info = useStore(room.store, (state) => state.room);
  const me = room.me();
  const ranked = [...members].sort((a, b) => ranks[a.role] - ranks[b.role] || a.joined - b.joined);
  return (
    <aside class="panel" aria-label="People">
      <header class="panel-head">
        <h2>
          People <span class="quiet-text">{members.length}</span>
        </h2>
        <IconButton label="Close the list of people" onClick={() => actions.setPanel(null)}>
          <CloseIcon />
        </IconButton>
      </header>
      <ul class="people">
        {ranked.map((member) => (
          <Person key={member.id} room={room} member={member} me={me} actions={actions} broadcast={info?.kind === 'broadcast'} />
        ))}
      </ul>
      <footer class="panel-foot">
        {me?.role === 'speaker' && info?.kind === 'broadcast' && (
          <Button data-testid="step-down" onClick={() => room.decline()}>
            Stop speaking
          </Button>
        )}
        <Button onClick={actions.share}>Invite people</Button>
        {me?.role === 'host' && <RoomControls room={room} actions={actions} />}
      </footer>
    </aside>
  );
}

const roleWords: Record<Role, string> = { host: 'Host', speaker: 'Speaker', viewer: 'Watching' };

interface PersonProps {
  room: Room;
  member: Member;
  me: Member | undefined;
  actions: RoomActions;
  broadcast: boolean;
}

function Person(props: PersonProps) {
  const { member, me, broadcast } = props;
  const [open, setOpen] = useState(false);
  const on = useStore(props.room.store, ({ capture }) => capture.on);
  const view = useStore(props.room.store, ({ peers }) => peers.get(member.id));
  const trouble = view && !member.away ? troubleWords(view, member.name) : null;
  const self = member.id === me?.id;
  const manageable = me?.role === 'host' && !self;
  const shown = [
    (broadcast || member.role === 'host') && roleWords[member.role],
    member.away && 'reconnecting',
    !member.place && member.role !== 'viewer' && 'no place for video yet',
  ].filter(Boolean);
  return (
    <li class="person" data-testid={`person-${member.id}`}>
      <div class="person-row">
        <Avatar member={member} small />
        <div class="person-words">
          <span class="cut">
            <bdi>{member.name}</bdi> {self && <span class="quiet-text">(you)</span>}
          </span>
          {shown.length > 0 && <span class="person-role">{shown.join(' · ')}</span>}
          {trouble && (
            <span class="person-trouble" data-testid={`trouble-${member.id}`}>
              {trouble}
            </span>
          )}
        </div>
        <LiveIcons member={member} live={self ? on : member.live} />
        {manageable && (
          <IconButton
            label={`Manage ${member.name}`}
            aria-expanded={open}
            data-testid={`manage-${member.id}`}
            onClick={() => setOpen(!open)}
          >
            <MoreIcon />
          </IconButton>
        )}
      </div>
      {manageable && open && <HostActions {...props} />}
    </li>
  );
}

function LiveIcons({ member, live }: { member: Member; live: Live }) {
  if (member.role === 'viewer') return null;
  const words = [live.mic ? 'microphone on' : 'microphone off', live.cam && 'camera on', live.screen && 'shares the screen'];
  return (
    <span class="person-live">
      {live.screen && <ScreenIcon size={16} />}
      {live.cam && <CameraIcon size={16} />}
      {live.mic ? <MicIcon size={16} /> : <MicOffIcon size={16} />}
      <span class="hidden">{words.filter(Boolean).join(', ')}</span>
    </span>
  );
}

function HostActions({ room, member, actions, broadcast }: PersonProps) {
  const { asHost } = room;
  const off = { mic: false, cam: false, screen: false };
  const handOver = () =>
    actions.ask({
      title: `Make ${member.name} the host?`,
      text: 'You stay in the room and lose the host’s controls. Your host key ends.',
      yes: 'Hand over',
      run: () => asHost.handOver(member.id),
    });
  const remove = () =>
    actions.ask({
      title: `Remove ${member.name}?`,
      text: 'They leave the room at once. With the link they may come in again, unless you lock the room.',
      yes: 'Remove',
      run: () => asHost.remove(member.id),
    });
  const ban = () =>
    actions.ask({
      title: `Ban ${member.name}?`,
      text: 'They are removed and can’t come back for as long as this room exists.',
      yes: 'Ban',
      run: () => asHost.ban(member.id),
    });
  return (
    <div class="person-actions">
      {member.live.mic && <Button onClick={() => asHost.mute(member.id, { ...off, mic: true })}>Mute</Button>}
      {member.live.cam && <Button onClick={() => asHost.mute(member.id, { ...off, cam: true })}>Camera off</Button>}
      {member.live.screen && <Button onClick={() => asHost.mute(member.id, { ...off, screen: true })}>Stop screen</Button>}
      {broadcast && member.role === 'viewer' && (
        <Button data-testid="invite" onClick={() => asHost.invite(member.id)}>
          Invite to speak
        </Button>
      )}
      {member.role === 'viewer' && <Button onClick={() => asHost.setRole(member.id, 'speaker')}>Make speaker</Button>}
      {member.role === 'speaker' && <Button onClick={() => asHost.setRole(member.id, 'viewer')}>Make viewer</Button>}
      <Button onClick={handOver}>Make host</Button>
      <Button data-testid="remove" onClick={remove}>
        Remove
      </Button>
      <Button class="danger-text" data-testid="ban" onClick={ban}>
        Ban
      </Button>
    </div>
  );
}

function RoomControls({ room, actions }: { room: Room; actions: RoomActions }) {
  const locked = useStore(room.store, (state) => state.room?.locked ?? false);
  const erase = () =>
    actions.ask({
      title: 'Erase the chat?',
      text: 'Every message so far is erased for everybody. This can’t be undone.',
      yes: 'Erase',
      run: () => room.asHost.erase(),
    });
  const end = () =>
    actions.ask({
      title: 'End the room for everybody?',
      text: 'Everybody is sent out and the link stops working.',
      yes: 'End the room',
      run: () => room.asHost.end(),
    });
  return (
    <>
      <Button data-testid="lock" aria-pressed={locked} onClick={() => room.asHost.lock(!locked)}>
        {locked ? 'Unlock the room' : 'Lock the room'}
      </Button>
      <Button onClick={erase}>Erase the chat</Button>
      <Button class="danger-text" data-testid="end" onClick={end}>
        End the room
      </Button>
    </>
  );
}
