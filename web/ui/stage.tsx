// The faces and screens of a room.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { audioContext, capture, LevelMeter } from '../browser.js';
import { arrange, type Arrangement } from '../layout.js';
import { mayPublish } from '../media.js';
import type { Member } from '../protocol.js';
import type { Room, RoomState } from '../room.js';
import { nothingToWatch, stageWords } from '../stage_words.js';
import { useCapture, useFields, useInterval, useSize, useStore } from './hooks.js';
import { SpeakerIcon } from './icons.js';
import { Button } from './parts.js';
import { Tile } from './tile.js';

const facesMax = 9;
const gap = 10;

// What the stage shows; all else that happens, as in the chat, leaves it as it is.
const shown = ['room', 'members', 'you', 'capture', 'peers', 'everJoined', 'everLive'] as const;
type Shown = Pick<RoomState, (typeof shown)[number]>;

export function Stage({ room }: { room: Room }) {
  const state = useFields(room.store, ...shown);
  const [ref, size] = useSize();
  const speaking = useSpeaking(room);
  const faces = useMemo(() => facesOf(state), [state.room, state.members, state.you]);
  const what = arrangement(faces, state);
  const rects = arrange(what, size, gap);
  const hidden = faces.length > 0 ? state.members.filter(mayPublish).length - faces.length : 0;
  const me = state.members.find(({ id }) => id === state.you);
  const tile = (member: Member, slot: 'cam' | 'screen') => {
    const key = `${slot}-${member.id}`;
    const rect = rects.get(key);
    if (!rect) return null;
    const self = member.id === state.you;
    return (
      <Tile
        key={key}
        member={self ? { ...member, live: state.capture.on } : member}
        slot={slot}
        self={self}
        floating={what.floating === key}
        rect={rect}
        view={state.peers.get(member.id)}
        track={trackOf(state, member, slot)}
        speaking={speaking.has(member.id)}
        iHavePlace={me?.place ?? false}
        meshMax={state.room?.meshMax ?? 0}
      />
    );
  };
  return (
    <div class="stage" ref={ref}>
      {faces.map((member) => tile(member, 'screen'))}
      {faces.map((member) => tile(member, 'cam'))}
      {faces.length === 0 && <p class="stage-empty">{stageWords(state)}</p>}
      {hidden > 0 && <p class="others">and {hidden} more</p>}
      <Sound room={room} />
    </div>
  );
}

// Who is shown: those with a place first, in order of coming.
function facesOf({ room, members, you }: Shown): Member[] {
  if (nothingToWatch({ room, members, you })) return [];
  const publishers = members.filter(mayPublish);
  const ranked = [...publishers.filter(({ place }) => place), ...publishers.filter(({ place }) => !place)];
  const first = ranked.slice(0, facesMax);
  const me = publishers.find(({ id }) => id === you);
  return me && !first.includes(me) ? [...first.slice(0, facesMax - 1), me] : first;
}

function arrangement(faces: Member[], { you, capture: { on } }: Shown): Arrangement {
  const sharing = faces.filter(({ id, live }) => (id === you ? on.screen : live.screen));
  const featured = sharing[0] ? `screen-${sharing[0].id}` : null;
  const keys = [...sharing.slice(1).map(({ id }) => `screen-${id}`), ...faces.map(({ id }) => `cam-${id}`)];
  const self = `cam-${you}`;
  // With one other person, that one gets the stage and we a corner.
  const pair = featured === null && faces.length === 2 && keys.includes(self);
  return { featured, faces: pair ? keys.filter((key) => key !== self) : keys, floating: pair ? self : null };
}

function trackOf(state: Shown, member: Member, slot: 'cam' | 'screen'): MediaStreamTrack | null {
  if (member.id === state.you) return state.capture.on[slot] ? state.capture.tracks[slot] : null;
  const peer = state.peers.get(member.id);
  const arrives = peer?.path === 'connected' || peer?.path === 'mending';
  return (arrives && member.live[slot] && peer.tracks[slot]) || null;
}

// ---- who speaks ----

const speakingLevel = 0.03;
const speakingHold = 700; // ms
// ms: a level of others is that of a few milliseconds, and a word is short. A prime, so that a sound that comes again and
// again is not missed each time.
const listenEvery = 73;
// Each question waits for another thread of the browser, which on a busy machine is long in coming: with many people not
// all are asked each time.
const askedAtOnce = 2;

function useSpeaking(room: Room): Set<string> {
  const [speaking, setSpeaking] = useState<Set<string>>(new Set());
  const heard = useRef(new Map<string, number>());
  const turn = useRef(0);
  const ownLevel = useOwnLevel();
  useInterval(() => {
    const now = performance.now();
    const { members, you } = room.store.get();
    if (ownLevel() > speakingLevel) heard.current.set(you, now);
    const others = members.filter(({ id, live }) => id !== you && live.mic);
    const turns = Math.ceil(others.length / askedAtOnce);
    others.forEach(({ id }, index) => {
      if (index % turns === turn.current % turns && room.audioLevel(id) > speakingLevel) heard.current.set(id, now);
    });
    turn.current++;
    const next = new Set([...heard.current].filter(([, at]) => now - at < speakingHold).map(([id]) => id));
    const same = next.size === speaking.size && [...next].every((id) => speaking.has(id));
    if (!same) setSpeaking(next);
  }, listenEvery);
  return speaking;
}

function useOwnLevel(): () => number {
  const { on, tracks } = useCapture();
  const track = on.mic ? tracks.mic : null;
  const meter = useRef<LevelMeter | null>(null);
  useEffect(() => {
    const context = track && audioContext();
    if (!track || !context) return;
    const current = (meter.current = new LevelMeter(context, track));
    return () => {
      meter.current = null;
      current.close();
    };
  }, [track]);
  return () => meter.current?.level() ?? 0;
}

// ---- sound ----

function Sound({ room }: { room: Room }) {
  const peers = useStore(room.store, (state) => state.peers);
  const box = useRef<HTMLDivElement>(null);
  const [blocked, setBlocked] = useState(false);
  const playAll = () => {
    audioContext();
    const players = [...(box.current?.querySelectorAll('audio') ?? [])];
    setBlocked(false);
    for (const player of players) player.play().catch(() => setBlocked(true));
  };
  return (
    <div ref={box} class="sound">
      {[...peers.values()].map(({ id, tracks }) =>
        tracks.mic ? <Player key={id} track={tracks.mic} onBlocked={() => setBlocked(true)} /> : null,
      )}
      {blocked && (
        <Button tone="main" class="tap-to-hear" data-testid="tap-to-hear" onClick={playAll}>
          <SpeakerIcon /> Tap to hear
        </Button>
      )}
    </div>
  );
}

type SinkAudio = HTMLAudioElement & { setSinkId?(id: string): Promise<void> };

function Player({ track, onBlocked }: { track: MediaStreamTrack; onBlocked(): void }) {
  const ref = useRef<HTMLAudioElement>(null);
  useCapture();
  const speaker = capture.choice.speaker ?? '';
  useEffect(() => {
    const player = ref.current;
    if (!player) return;
    player.srcObject = new MediaStream([track]);
    player.play().catch((error: unknown) => {
      if ((error as DOMException).name === 'NotAllowedError') onBlocked();
    });
  }, [track]);
  useEffect(() => {
    (ref.current as SinkAudio | null)?.setSinkId?.(speaker).catch(() => undefined);
  }, [speaker]);
  return <audio ref={ref} />;
}
