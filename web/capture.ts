// This person's microphone, camera and screen.
//
// No DOM here: navigator.mediaDevices comes in as an interface, null where the page is not in a
// secure context. Turning the camera off stops it, so that its light goes out; the microphone is
// only muted, so that it is back at once. Errors: CaptureFailure, by what a person can do about it.
// Source: W3C mediacapture-streams.

import type { Slot } from './media.js';

export interface Devices {
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia?(constraints: DisplayMediaStreamOptions): Promise<MediaStream>;
  enumerateDevices(): Promise<MediaDeviceInfo[]>;
  // What the browser would say now, without asking; absent where it doesn't tell.
  permission?(slot: 'mic' | 'cam'): Promise<PermissionState>;
}

export type CaptureFailure =
  | 'permission_denied'
  | 'no_device'
  | 'device_busy'
  | 'insecure_origin'
  | 'device_lost'
  | 'capture_failed';

export interface DeviceChoice {
  mic?: string | undefined;
  cam?: string | undefined;
  speaker?: string | undefined;
}

export interface CaptureState {
  tracks: Record<Slot, MediaStreamTrack | null>;
  on: Record<Slot, boolean>;
  busy: Record<Slot, boolean>; // asked for, not there yet
  failures: Partial<Record<Slot, CaptureFailure | undefined>>;
  devices: MediaDeviceInfo[];
}

function nameOf(error: unknown): string {
  return (error as { name?: string } | null)?.name ?? '';
}

export function failureOf(error: unknown): CaptureFailure {
  switch (nameOf(error)) {
    case 'NotAllowedError':
    case 'PermissionDeniedError':
      return 'permission_denied';
    case 'SecurityError':
      return 'insecure_origin';
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return 'no_device';
    case 'NotReadableError':
    case 'AbortError':
      return 'device_busy';
    default:
      return 'capture_failed';
  }
}

const video: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
const audio: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export class Capture {
  state: CaptureState = {
    tracks: { mic: null, cam: null, screen: null },
    on: { mic: false, cam: false, screen: false },
    busy: { mic: false, cam: false, screen: false },
    failures: {},
    devices: [],
  };
  // Raised by everything that makes an answer of the browser outdated.
  private wish: Record<Slot, number> = { mic: 0, cam: 0, screen: 0 };

  constructor(
    private readonly devices: Devices | null,
    public choice: DeviceChoice,
    private readonly changed: () => void,
  ) {}

  // Asks for both at once, so that there is one question and not two.
  async start(mic: boolean, cam: boolean): Promise<void> {
    const { on, busy } = this.state;
    const wanted = (['mic', 'cam'] as const).filter((slot) => (slot === 'mic' ? mic : cam) && !on[slot] && !busy[slot]);
    if (wanted.length < 2) {
      await Promise.all(wanted.map((slot) => this.turnOn(slot)));
      return;
    }
    const wishes = { mic: ++this.wish.mic, cam: ++this.wish.cam };
    this.patch({ busy: { ...this.state.busy, mic: true, cam: true } });
    try {
      const stream = await this.open({ audio: this.constraint('mic'), video: this.constraint('cam') });
      this.take('mic', stream.getAudioTracks()[0], wishes.mic);
      this.take('cam', stream.getVideoTracks()[0], wishes.cam);
    } catch (error) {
      await this.startApart(error, wishes);
    }
    await this.refreshDevices();
  }

  // What stops one of the two must not cost the other one.
  private async startApart(error: unknown, wishes: Record<'mic' | 'cam', number>): Promise<void> {
    const failure = failureOf(error);
    const mayAsk = await this.mayAskApart(failure);
    for (const slot of ['mic', 'cam'] as const) {
      if (wishes[slot] !== this.wish[slot]) continue;
      if (mayAsk[slot]) await this.turnOn(slot);
      else this.fail(slot, failure);
    }
  }

  // A refusal holds for both, unless it came from a setting that blocks only one of them.
  private async mayAskApart(failure: CaptureFailure): Promise<Record<'mic' | 'cam', boolean>> {
    if (failure === 'insecure_origin') return { mic: false, cam: false };
    if (failure !== 'permission_denied') return { mic: true, cam: true };
    const [mic, cam] = await Promise.all([this.permission('mic'), this.permission('cam')]);
    return {
      mic: mic === 'granted' || (mic === 'prompt' && cam === 'denied'),
      cam: cam === 'granted' || (cam === 'prompt' && mic === 'denied'),
    };
  }

  private async permission(slot: 'mic' | 'cam'): Promise<PermissionState | undefined> {
    return this.devices?.permission?.(slot).catch(() => undefined);
  }

  async turnOn(slot: 'mic' | 'cam'): Promise<void> {
    const wish = ++this.wish[slot];
    const track = this.state.tracks[slot];
    if (slot === 'mic' && track && track.readyState === 'live') {
      track.enabled = true;
      return this.patch({ on: { ...this.state.on, mic: true }, failures: { ...this.state.failures, mic: undefined } });
    }
    this.patch({ busy: { ...this.state.busy, [slot]: true } });
    try {
      const kind = slot === 'mic' ? 'audio' : 'video';
      const stream = await this.open({ [kind]: this.constraint(slot) });
      this.take(slot, stream.getTracks()[0], wish);
    } catch (error) {
      if (wish === this.wish[slot]) this.fail(slot, failureOf(error));
    }
    await this.refreshDevices();
  }

  turnOff(slot: Slot): void {
    this.wish[slot]++;
    const track = this.state.tracks[slot];
    if (slot === 'mic' && track) track.enabled = false;
    else this.stopTrack(slot);
    this.patch({
      on: { ...this.state.on, [slot]: false },
      busy: { ...this.state.busy, [slot]: false },
    });
  }

  async toggle(slot: Slot): Promise<void> {
    if (this.state.on[slot] || this.state.busy[slot]) return this.turnOff(slot);
    return slot === 'screen' ? this.shareScreen() : this.turnOn(slot);
  }

  async shareScreen(): Promise<void> {
    const wish = ++this.wish.screen;
    try {
      if (!this.devices?.getDisplayMedia) throw new DOMException('', 'SecurityError');
      const stream = await this.devices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
      const track = stream.getVideoTracks()[0];
      if (track) track.contentHint = 'detail';
      this.take('screen', track, wish);
    } catch (error) {
      // Closing the browser's picker is not a failure; a system that does not let the browser is.
      const failure = failureOf(error);
      const bySystem = /by system/i.test((error as { message?: string } | null)?.message ?? '');
      if (failure !== 'permission_denied' || bySystem) this.fail('screen', failure);
    }
  }

  // Takes effect at once on what is on.
  async choose(choice: DeviceChoice): Promise<void> {
    const before = this.choice;
    this.choice = choice;
    for (const slot of ['mic', 'cam'] as const) {
      if (before[slot] === choice[slot] || !this.state.tracks[slot]) continue;
      const on = this.state.on[slot];
      this.stopTrack(slot);
      if (on) await this.turnOn(slot);
    }
    this.changed();
  }

  async refreshDevices(): Promise<void> {
    const devices = await this.devices?.enumerateDevices().catch(() => []);
    this.patch({ devices: (devices ?? []).filter((device) => device.deviceId !== '') });
  }

  stop(): void {
    for (const slot of ['mic', 'cam', 'screen'] as const) {
      this.wish[slot]++;
      this.stopTrack(slot);
    }
    this.patch({
      on: { mic: false, cam: false, screen: false },
      busy: { mic: false, cam: false, screen: false },
      failures: {},
    });
  }

  private async open(constraints: MediaStreamConstraints): Promise<MediaStream> {
    if (!this.devices) throw new DOMException('', 'SecurityError');
    try {
      return await this.devices.getUserMedia(constraints);
    } catch (error) {
      // The chosen device is gone; any other will do.
      if (nameOf(error) !== 'OverconstrainedError') throw error;
      const any: MediaStreamConstraints = {};
      if (constraints.audio) any.audio = audio;
      if (constraints.video) any.video = video;
      return this.devices.getUserMedia(any);
    }
  }

  private constraint(slot: 'mic' | 'cam'): MediaTrackConstraints {
    const deviceId = this.choice[slot];
    const base = slot === 'mic' ? audio : video;
    return deviceId ? { ...base, deviceId: { exact: deviceId } } : base;
  }

  private take(slot: Slot, track: MediaStreamTrack | undefined, wish: number): void {
    if (!track || wish !== this.wish[slot]) {
      track?.stop();
      return;
    }
    this.stopTrack(slot);
    track.onended = () => this.ended(slot, track);
    this.patch({
      tracks: { ...this.state.tracks, [slot]: track },
      on: { ...this.state.on, [slot]: true },
      busy: { ...this.state.busy, [slot]: false },
      failures: { ...this.state.failures, [slot]: undefined },
    });
  }

  private ended(slot: Slot, track: MediaStreamTrack): void {
    if (this.state.tracks[slot] !== track) return;
    this.turnOff(slot);
    this.stopTrack(slot);
    if (slot !== 'screen') this.fail(slot, 'device_lost');
    this.changed();
  }

  private stopTrack(slot: Slot): void {
    const track = this.state.tracks[slot];
    if (!track) return;
    track.onended = null;
    track.stop();
    this.state = { ...this.state, tracks: { ...this.state.tracks, [slot]: null } };
  }

  private fail(slot: Slot, failure: CaptureFailure): void {
    this.patch({
      on: { ...this.state.on, [slot]: false },
      busy: { ...this.state.busy, [slot]: false },
      failures: { ...this.state.failures, [slot]: failure },
    });
  }

  private patch(change: Partial<CaptureState>): void {
    this.state = { ...this.state, ...change };
    this.changed();
  }
}
