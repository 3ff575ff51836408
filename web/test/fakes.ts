// Peer connections that negotiate as browsers do, over a network that the test controls.

import type { PeerConnection, Transceiver } from '../media.js';
import type { VirtualTime } from './virtual.js';

interface Section {
  mid: string;
  kind: string;
  direction: RTCRtpTransceiverDirection;
}

interface FakeSdp {
  from: number; // the connection that made it
  ice: number; // its ICE generation
  sections: Section[];
}

export class Network {
  open = true; // whether there is a route between the peers
  made: FakePeerConnection[] = [];

  constructor(readonly time: VirtualTime) {}

  create = (): FakePeerConnection => {
    const connection = new FakePeerConnection(this, this.made.length);
    this.made.push(connection);
    return connection;
  };

  living(): FakePeerConnection[] {
    return this.made.filter(({ signalingState }) => signalingState !== 'closed');
  }

  // What happens to the path once both sides have agreed.
  agreed(a: FakePeerConnection, b: FakePeerConnection): void {
    const open = this.open;
    this.time.setTimer(
      () => {
        for (const side of [a, b]) side.become(open ? 'connected' : 'failed');
      },
      open ? 50 : 5_000,
    );
  }

  become(state: 'disconnected' | 'failed' | 'connected'): void {
    for (const connection of this.living()) connection.become(state);
  }
}

let tracks = 0;

export function fakeTrack(kind = 'video'): MediaStreamTrack {
  const track = { id: `track-${++tracks}`, kind, enabled: true, readyState: 'live', onended: null, contentHint: '' };
  return { ...track, stop(this: { readyState: string }) { this.readyState = 'ended'; } } as unknown as MediaStreamTrack;
}

class FakeTransceiver implements Transceiver {
  mid: string | null = null;
  sent: MediaStreamTrack | null = null;
  private wanted: RTCRtpTransceiverDirection;
  readonly receiver = { track: fakeTrack(), getSynchronizationSources: () => [] };
  readonly sender = {
    replaceTrack: (track: MediaStreamTrack | null) => {
      this.sent = track;
      return Promise.resolve();
    },
    getParameters: () => ({ encodings: [{}] }) as unknown as RTCRtpSendParameters,
    setParameters: () => Promise.resolve(),
  };

  constructor(
    private readonly owner: FakePeerConnection,
    readonly kind: string,
    direction: RTCRtpTransceiverDirection,
  ) {
    this.wanted = direction;
  }

  get direction(): RTCRtpTransceiverDirection {
    return this.wanted;
  }

  set direction(direction: RTCRtpTransceiverDirection) {
    this.wanted = direction;
    this.owner.needNegotiation();
  }
}

export class FakePeerConnection implements PeerConnection {
  signalingState: RTCSignalingState = 'stable';
  connectionState: RTCPeerConnectionState = 'new';
  iceConnectionState: RTCIceConnectionState = 'new';
  localDescription: { type: string; sdp: string } | null = null;
  onnegotiationneeded: ((event: Event) => void) | null = null;
  onicecandidate: ((event: RTCPeerConnectionIceEvent) => void) | null = null;
  oniceconnectionstatechange: ((event: Event) => void) | null = null;
  onconnectionstatechange: ((event: Event) => void) | null = null;
  configuration: RTCConfiguration | null = null;
  restarts = 0;
  transceivers: FakeTransceiver[] = [];
  candidates = 0;
  private ice = 0;
  private needed = false;
  private remote: number | null = null;

  constructor(
    private readonly network: Network,
    private readonly id: number,
  ) {}

  addTransceiver(kind: string, { direction }: RTCRtpTransceiverInit): FakeTransceiver {
    const transceiver = new FakeTransceiver(this, kind, direction ?? 'sendrecv');
    this.transceivers.push(transceiver);
    this.needNegotiation();
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  needNegotiation(): void {
    this.needed = true;
    void Promise.resolve().then(() => {
      if (!this.needed || this.signalingState !== 'stable') return;
      this.needed = false;
      this.onnegotiationneeded?.({} as Event);
    });
  }

  async setLocalDescription(): Promise<void> {
    await Promise.resolve();
    if (this.signalingState === 'closed') throw new Error('closed');
    const answering = this.signalingState === 'have-remote-offer';
    if (!answering) this.transceivers.forEach((transceiver, index) => (transceiver.mid ??= String(index)));
    const sections = this.transceivers.map(({ mid, kind, direction }) => ({ mid: mid ?? '', kind, direction }));
    const sdp: FakeSdp = { from: this.id, ice: this.ice, sections };
    this.localDescription = { type: answering ? 'answer' : 'offer', sdp: JSON.stringify(sdp) };
    this.signalingState = answering ? 'stable' : 'have-local-offer';
    if (answering) this.needed = false;
    this.onicecandidate?.({ candidate: null } as RTCPeerConnectionIceEvent);
  }

  async setRemoteDescription({ type, sdp }: RTCSessionDescriptionInit): Promise<void> {
    await Promise.resolve();
    const { from, sections } = JSON.parse(sdp ?? '') as FakeSdp;
    if (type === 'answer' && this.signalingState !== 'have-local-offer') throw new Error('no offer to answer');
    this.remote = from;
    if (type === 'offer') {
      for (const { mid, kind } of sections) this.receive(mid, kind);
      this.signalingState = 'have-remote-offer';
      return;
    }
    this.signalingState = 'stable';
    const other = this.network.made[from];
    if (other) this.network.agreed(this, other);
    if (this.needed) this.needNegotiation();
  }

  private receive(mid: string, kind: string): void {
    if (this.transceivers.some((transceiver) => transceiver.mid === mid)) return;
    const transceiver = new FakeTransceiver(this, kind, 'recvonly');
    transceiver.mid = mid;
    this.transceivers.push(transceiver);
  }

  async addIceCandidate(): Promise<void> {
    if (this.remote === null) throw new Error('no remote description');
    this.candidates++;
  }

  restartIce(): void {
    this.restarts++;
    this.ice++;
    this.needNegotiation();
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  getStats() {
    return Promise.resolve(new Map());
  }

  become(state: 'connected' | 'disconnected' | 'failed'): void {
    if (this.signalingState === 'closed') return;
    this.iceConnectionState = state;
    this.connectionState = state;
    this.oniceconnectionstatechange?.({} as Event);
    this.onconnectionstatechange?.({} as Event);
  }

  close(): void {
    this.signalingState = 'closed';
    this.connectionState = 'closed';
  }
}
