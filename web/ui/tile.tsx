// One person's picture, or why there is none.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Rect } from '../layout.js';
import type { PeerView } from '../media.js';
import type { Member } from '../protocol.js';
import { pathWords, qualityWords, type PathWords } from '../path_words.js';
import type { Quality } from '../quality.js';
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
        why && (
          <p class={`tile-why ${why.grave ? 'tile-why-grave' : ''}`}>
            {why.text} {why.more && <span class="tile-why-more">{why.more}</span>}
          </p>
        )
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
          <bdi class="cut">{self ? 'You' : member.name}</bdi>
        </span>
        {slot === 'cam' && view?.path === 'connected' && <QualityBadge quality={view.quality} />}
      </div>
    </section>
  );
}

function noPictureWords({ member, self, view, iHavePlace, meshMax }: TileProps): PathWords | null {
  if (!member.place) {
    return { text: self ? 'Your picture starts when a place frees' : `No place yet: video goes to the first ${meshMax}` };
  }
  return self || !iHavePlace || !view ? null : pathWords(view, member.name);
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

// Only what is bad is written out, where there is space for it.
function QualityBadge({ quality }: { quality: Quality }) {
  const words = qualityWords(quality);
  return (
    <span class={`quality quality-${quality.level}`} title={words} data-testid="quality" data-level={quality.level}>
      <SignalIcon size={14} />
      <span class="hidden quality-words">{words}</span>
    </span>
  );
}
