// From two snapshots of RTCPeerConnection.getStats() to how good the path to one person is.
//
// Pure functions. Times are milliseconds, rates bits a second, loss a fraction of packets.
// Source: W3C webrtc-stats.

export type Level = 'good' | 'fair' | 'poor';
export type Reason = 'loss' | 'delay' | 'frozen' | 'no_data' | 'bandwidth' | 'cpu';

export interface Quality {
  level: Level;
  reason?: Reason;
}

// What is read from one getStats() report.
export interface Snapshot {
  at: number;
  packetsReceived: number;
  packetsLost: number;
  bytesReceived: number;
  freezes: number;
  roundTrip: number; // ms, 0 if unknown
  jitter: number; // ms
  limitedBy: 'bandwidth' | 'cpu' | null; // what holds our own picture back
}

interface Stat {
  type: string;
  kind?: string;
  packetsReceived?: number;
  packetsLost?: number;
  bytesReceived?: number;
  freezeCount?: number;
  jitter?: number;
  currentRoundTripTime?: number;
  nominated?: boolean;
  state?: string;
  qualityLimitationReason?: string;
}

export type Report = { forEach(visit: (stat: Stat) => void): void };

export function snapshot(report: Report, at: number): Snapshot {
  const sum: Snapshot = {
    at,
    packetsReceived: 0,
    packetsLost: 0,
    bytesReceived: 0,
    freezes: 0,
    roundTrip: 0,
    jitter: 0,
    limitedBy: null,
  };
  report.forEach((stat) => {
    if (stat.type === 'inbound-rtp') addInbound(sum, stat);
    if (stat.type === 'candidate-pair' && stat.nominated && stat.state === 'succeeded') {
      sum.roundTrip = (stat.currentRoundTripTime ?? 0) * 1000;
    }
    if (stat.type === 'outbound-rtp' && stat.kind === 'video') {
      const limit = stat.qualityLimitationReason;
      if (limit === 'bandwidth' || limit === 'cpu') sum.limitedBy = limit;
    }
  });
  return sum;
}

function addInbound(sum: Snapshot, stat: Stat): void {
  sum.packetsReceived += stat.packetsReceived ?? 0;
  sum.packetsLost += stat.packetsLost ?? 0;
  sum.bytesReceived += stat.bytesReceived ?? 0;
  sum.freezes += stat.freezeCount ?? 0;
  if (stat.kind === 'audio') sum.jitter = Math.max(sum.jitter, (stat.jitter ?? 0) * 1000);
}

// `expected`: the other side says that it sends something.
export function judge(before: Snapshot, now: Snapshot, expected: boolean): Quality {
  const received = now.packetsReceived - before.packetsReceived;
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  const loss = received + lost > 0 ? lost / (received + lost) : 0;
  if (expected && received <= 0) return { level: 'poor', reason: 'no_data' };
  if (loss > 0.08) return { level: 'poor', reason: 'loss' };
  if (now.freezes > before.freezes) return { level: 'poor', reason: 'frozen' };
  if (now.roundTrip > 600) return { level: 'poor', reason: 'delay' };
  if (loss > 0.02) return { level: 'fair', reason: 'loss' };
  if (now.roundTrip > 300 || now.jitter > 80) return { level: 'fair', reason: 'delay' };
  if (now.limitedBy) return { level: 'fair', reason: now.limitedBy };
  return { level: 'good' };
}
