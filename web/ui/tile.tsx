// One person's picture, or why there is none.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Rect } from '../layout.js';
import type { PeerView } from '../media.js';
import type { Member } from '../protocol.js';
import type { Quality, Reason } from '../quality.js';
import { hue, initials } from '../text.js';
import { MicOffIcon, ScreenIcon, SignalIcon } from './icons.js';

interface TileProps {
  member: Member;
  slot: 'cam' | 'screen';
  self: boolean;
  floating: boolean;
  rect: Rect;
  view: PeerView | undefined;
  track: MediaStreamTrack | null;
  speaking: boolean;
  iHavePlace: boolean;
  meshMax: number;
}

export function Tile(props: TileProps) {
  const { member, slot, self, floating, rect, view, track, speaking } = props;
  const why = slot === 'cam' ? noPictureWords(props) : null;
  const classes = ['tile', `tile-${slot}`, speaking && 'tile-speaking', floating && 'tile-floating'];
  const style = {
    left: `${rect.x}px`,
    top: `${rect.y}px`,
    width: `${rect.width}px`,
    height: `${rect.height}px`,
  };
  return (
    <section
      class={classes.filter(Boolean).join(' ')}
      style={style}
      aria-label={slot === 'cam' ? (self ? 'You' : member.name) : `Screen of ${self ? 'yours' : member.name}`}
      data-testid={slot === 'cam' ? `tile-${member.id}` : `screen-${member.id}`}
      data-self={self}
      data-speaking={speaking}
      data-path={view?.path}
    >
      {track ? (
        <Picture track={track} mirrored={self && slot === 'cam'} whole={slot === 'screen'} />
      ) : (
        <Avatar member={member} />
      )}
      {member.away && !self ? (
        <p class="tile-why" data-testid="reconnecting">
          Reconnecting…
        </p>
      ) : (
        why && <p class={`tile-why ${why.grave ? 'tile-why-grave' : ''}`}>{why.text}</p>
      )}
      <div class="tile-foot">
        <span class="tile-name">
          {slot === 'screen' && <ScreenIcon size={14} />}
          {slot === 'cam' && !member.live.mic && (
            <span class="tile-muted" title="Microphone off">
              <MicOffIcon size={14} />
              <span class="hidden">Microphone off:</span>
            </span>
          )}
          <span class="cut">{self ? 'You' : member.name}</span>
        </span>
        {slot === 'cam' && view?.path === 'connected' && <QualityBadge quality={view.quality} />}
      </div>
    </section>
  );
}

interface Why {
  text: string;
  grave?: boolean;
}

function noPictureWords({ member, self, view, iHavePlace, meshMax }: TileProps): Why | null {
  if (!member.place) {
    return { text: self ? 'Your picture starts when a place frees' : `No place yet: video goes to the first ${meshMax}` };
  }
  if (self || !iHavePlace || !view) return null;
  switch (view.path) {
    case 'connecting':
      return { text: 'Connecting…' };
    case 'mending':
      return { text: 'Connection lost, mending it…' };
    case 'no_route':
      return { text: noRouteWords(member.name, view.turnMissing), grave: true };
    case 'connected':
      return null;
  }
}

function noRouteWords(name: string, turnMissing: boolean): string {
  const first = `No route between you and ${name}.`;
  return turnMissing
    ? `${first} A firewall is in the way, and this server offers no TURN relay: whoever runs it can add one. Chat works.`
    : `${first} A firewall may be in the way. Trying again; chat works.`;
}

interface PictureProps {
  track: MediaStreamTrack;
  mirrored: boolean;
  whole: boolean; // never crop
}

function Picture({ track, mirrored, whole }: PictureProps) {
  const ref = useRef<HTMLVideoElement>(null);
  const [upright, setUpright] = useState(false);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.srcObject = new MediaStream([track]);
    video.play().catch(() => undefined);
    return () => {
      video.srcObject = null;
    };
  }, [track]);
  const onResize = () => {
    const video = ref.current;
    if (video && video.videoWidth > 0) setUpright(video.videoHeight > video.videoWidth);
  };
  const classes = [mirrored && 'mirrored', whole && 'whole', upright && 'upright'].filter(Boolean).join(' ');
  return <video ref={ref} class={classes} autoPlay playsInline muted onResize={onResize} onLoadedMetadata={onResize} />;
}

const hues = 8;

export function Avatar({ member, small }: { member: Pick<Member, 'id' | 'name'>; small?: boolean }) {
  return (
    <span class={`avatar avatar-${hue(member.id, hues)} ${small ? 'avatar-small' : ''}`} aria-hidden="true">
      {initials(member.name)}
    </span>
  );
}

const reasonWords: Record<Reason, string> = {
  loss: 'the network loses packets',
  delay: 'the network is slow to answer',
  frozen: 'the picture freezes',
  no_data: 'nothing arrives',
  bandwidth: 'your upload is too slow for a better picture',
  cpu: 'your device is too busy for a better picture',
};

function QualityBadge({ quality }: { quality: Quality }) {
  const reason = quality.reason ? `: ${reasonWords[quality.reason]}` : '';
  const words = { good: 'Good connection', fair: 'Fair connection', poor: 'Poor connection' }[quality.level] + reason;
  return (
    <span class={`quality quality-${quality.level}`} title={words} data-testid="quality" data-level={quality.level}>
      <SignalIcon size={14} />
      <span class="hidden">{words}</span>
    </span>
  );
}
