// The camera preview with its toggles, device pickers and level meter.

import { useEffect, useRef } from 'preact/hooks';
import { audioContext, capture, LevelMeter } from '../browser.js';
import type { CaptureState, DeviceChoice } from '../capture.js';
import { deviceFailure } from '../failures.js';
import type { Intent } from '../on_air.js';
import { loadSettings, saveSettings } from '../storage.js';
import { useCapture } from './hooks.js';
import { CameraIcon, CameraOffIcon, MicIcon, MicOffIcon, WarnIcon } from './icons.js';
import { Button, Field, IconButton } from './parts.js';

interface PreviewProps {
  name: string;
  broadcast: boolean;
  intent: Intent;
  onIntent(intent: Intent): void;
}

// Before the browser has been asked, the toggles say what will be on; afterwards what is on. Nobody else sees it.
export function Preview({ name, broadcast, intent, onIntent }: PreviewProps) {
  const state = useCapture();
  const asked = wasAsked(state);
  const shown = asked ? state.on : intent;
  const toggle = (slot: 'mic' | 'cam') => {
    const on = !(shown[slot] || state.busy[slot]);
    onIntent({ ...intent, [slot]: on });
    if (on) void capture.turnOn(slot);
    else capture.turnOff(slot);
  };
  return (
    <section class="preview" aria-label="Camera and microphone">
      <div class="preview-picture">
        <SelfVideo track={state.tracks.cam} />
        {!state.on.cam && (
          <div class="preview-off">
            <p class="preview-name">{name || 'This is you'}</p>
            <p>{previewText(state, asked || !intent.cam, broadcast)}</p>
            {!asked && (intent.mic || intent.cam) && (
              <Button tone="glass" onClick={() => void capture.start(intent.mic, intent.cam)}>
                Check camera and sound
              </Button>
            )}
          </div>
        )}
        <div class="preview-bar">
          <SlotToggle slot="mic" on={shown.mic} busy={state.busy.mic} onToggle={() => toggle('mic')} />
          <SlotToggle slot="cam" on={shown.cam} busy={state.busy.cam} onToggle={() => toggle('cam')} />
          <Meter track={state.on.mic ? state.tracks.mic : null} />
        </div>
      </div>
      <DeviceFailures state={state} />
      {(state.tracks.mic || state.tracks.cam) && <DevicePickers />}
    </section>
  );
}

function wasAsked({ on, busy, failures, tracks }: CaptureState): boolean {
  const slots = ['mic', 'cam'] as const;
  return slots.some((slot) => on[slot] || busy[slot] || failures[slot] || tracks[slot]);
}

// Turns on what was wished for and has not failed yet.
export function startCapture(intent: Intent): void {
  const { failures } = capture.state;
  void capture.start(intent.mic && !failures.mic, intent.cam && !failures.cam);
}

function previewText(state: CaptureState, off: boolean, broadcast: boolean): string {
  if (state.busy.cam) return 'Waiting for your camera. The browser may be asking you to allow it.';
  if (state.failures.cam) return 'No picture from your camera.';
  if (off) return 'Your camera is off.';
  return broadcast ? 'Nobody sees you before you go live.' : 'Your camera comes on when you go in.';
}

export function SelfVideo({ track }: { track: MediaStreamTrack | null }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (ref.current) ref.current.srcObject = track ? new MediaStream([track]) : null;
  }, [track]);
  return <video ref={ref} class="mirrored" autoPlay playsInline muted aria-label="Your camera" hidden={!track} />;
}

interface SlotToggleProps {
  slot: 'mic' | 'cam';
  on: boolean;
  busy: boolean;
  onToggle(): void;
}

export function SlotToggle({ slot, on, busy, onToggle }: SlotToggleProps) {
  const name = slot === 'mic' ? 'microphone' : 'camera';
  const [On, Off] = slot === 'mic' ? [MicIcon, MicOffIcon] : [CameraIcon, CameraOffIcon];
  return (
    <IconButton
      label={`Turn ${on ? 'off' : 'on'} ${name}`}
      class={`toggle ${on ? '' : 'toggle-off'} ${busy ? 'toggle-busy' : ''}`}
      aria-busy={busy}
      data-testid={`${slot}-toggle`}
      data-on={on}
      onClick={onToggle}
    >
      {on || busy ? <On /> : <Off />}
    </IconButton>
  );
}

export function Meter({ track }: { track: MediaStreamTrack | null }) {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const context = track && audioContext();
    if (!track || !context) return;
    const meter = new LevelMeter(context, track);
    const timer = setInterval(() => {
      ref.current?.style.setProperty('transform', `scaleX(${meter.level().toFixed(2)})`);
    }, 80);
    return () => {
      clearInterval(timer);
      meter.close();
    };
  }, [track]);
  return (
    <span class="meter" aria-hidden="true" hidden={!track}>
      <span ref={ref} class="meter-fill" />
    </span>
  );
}

export function DeviceFailures({ state }: { state: CaptureState }) {
  const both = state.failures.mic !== undefined && state.failures.mic === state.failures.cam;
  const slots = (['mic', 'cam', 'screen'] as const).filter((slot) => state.failures[slot] && !(both && slot === 'cam'));
  return (
    <div role="status">
      {slots.map((slot) => {
        const code = state.failures[slot] as string;
        const { title, text } = deviceFailure(code, slot);
        return (
          <div class="note note-warn" key={slot} data-testid="device-failure" data-code={code}>
            <WarnIcon />
            <p>
              <strong>{both && slot === 'mic' ? title.replace('microphone', 'camera or microphone') : title}.</strong>{' '}
              {both && slot === 'mic' ? text.replace('the microphone', 'both') : text}
            </p>
          </div>
        );
      })}
    </div>
  );
}

const kinds = [
  { key: 'cam', kind: 'videoinput', label: 'Camera' },
  { key: 'mic', kind: 'audioinput', label: 'Microphone' },
  { key: 'speaker', kind: 'audiooutput', label: 'Speaker' },
] as const;

export function DevicePickers() {
  const { devices, tracks } = useCapture();
  const current: DeviceChoice = {
    cam: tracks.cam?.getSettings().deviceId ?? capture.choice.cam,
    mic: tracks.mic?.getSettings().deviceId ?? capture.choice.mic,
    speaker: capture.choice.speaker,
  };
  const choose = (key: keyof DeviceChoice, id: string) => {
    const choice = { ...loadSettings().devices, [key]: id || undefined };
    saveSettings({ devices: choice });
    void capture.choose(choice);
  };
  const canChooseSpeaker = 'setSinkId' in HTMLMediaElement.prototype;
  return (
    <div class="pickers">
      {kinds.map(({ key, kind, label }) => {
        const some = devices.filter((device) => device.kind === kind);
        if (some.length === 0 || (key === 'speaker' && !canChooseSpeaker)) return null;
        return (
          <Field key={key} label={label}>
            {({ id }) => (
              <select id={id} value={current[key] ?? ''} onChange={(event) => choose(key, event.currentTarget.value)}>
                {key === 'speaker' && !current.speaker && <option value="">The system’s choice</option>}
                {some.map((device, index) => (
                  <option key={device.deviceId} value={device.deviceId}>
                    {device.label || `${label} ${index + 1}`}
                  </option>
                ))}
              </select>
            )}
          </Field>
        );
      })}
    </div>
  );
}
