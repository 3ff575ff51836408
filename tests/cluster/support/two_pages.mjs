// Two people at browsers outside of the cluster, in one direct call and on two pods.
import assert from 'node:assert/strict';
import { allMeet } from '../../e2e/support/media.mjs';
import { until } from './kit.mjs';

// Of the one call of a page. `watched` is false once for each connection between the two browsers.
async function readCall() {
  const [peer] = window.waaft.peers();
  const watched = peer.watched === true;
  peer.watched = true;
  const stats = [...(await peer.getStats()).values()];
  const sum = (wanted, name) => stats.filter(({ type, kind }) => type === wanted && kind === 'video')
    .reduce((total, entry) => total + (entry[name] ?? 0), 0);
  return {
    watched,
    state: peer.connectionState,
    paths: stats.find(({ type }) => type === 'transport').selectedCandidatePairChanges,
    sent: sum('outbound-rtp', 'framesSent'),
    received: sum('inbound-rtp', 'framesReceived'),
    decoded: sum('inbound-rtp', 'framesDecoded'),
    freezes: sum('inbound-rtp', 'freezeCount'),
    frozenMs: 1000 * sum('inbound-rtp', 'totalFreezesDuration'),
  };
}

const onTheWay = 10;  // frames that one side has counted and the other has not yet: those of a second

export class TwoPages {
  constructor(ann, bob) {
    this.people = [ann, bob];
    this.said = [];
  }

  async meet(url) {
    const [ann, bob] = this.people;
    await ann.start(url);
    await bob.join(ann.link);
    await allMeet(this.people);
  }

  // `peoplePerPod` asks the pods; nobody else may be there. Who is where is the load balancer's choice, so one comes back
  // until it is another pod.
  async onTwoPods(peoplePerPod) {
    const [, bob] = this.people;
    await until('the two pages are on two pods', async () => {
      const people = await peoplePerPod();
      if (people.filter((count) => count === 1).length === 2) return true;
      if (people.includes(2)) {
        await bob.leave();
        await bob.join(bob.link);
      }
      return false;
    });
    await this.seeAndHear();
  }

  seeAndHear() { return allMeet(this.people); }

  // Each says something; both read all that was ever said in this room, in one order.
  async chat(what) {
    for (const person of this.people) {
      const text = `${person.name}: ${what}`;
      await person.say(text);
      this.said.push(text);
      for (const reader of this.people) await reader.reads(this.said);
    }
  }

  calls() { return Promise.all(this.people.map((person) => person.evaluate(readCall))); }

  // Watches the pictures from now on; what it gives tells {freezes, frozenMs} of both together, and fails if the connection
  // between the two was not the same all the time, or frames did not come through.
  async watch() {
    // The two pages cannot be asked at one moment: what was sent is counted for the shorter time.
    const [first, before] = [await this.calls(), await this.calls()];
    return async () => {
      const [after, last] = [await this.calls(), await this.calls()];
      const grown = (index, what) => last[index][what] - first[index][what];
      for (const [index, { watched, state, paths }] of after.entries()) {
        const { name } = this.people[index];
        assert.deepEqual({ watched, state, paths }, { watched: true, state: 'connected', paths: before[index].paths }, `the call of ${name} is the same`);
        const sent = after[1 - index].sent - before[1 - index].sent;
        const received = grown(index, 'received');
        assert.ok(received >= sent - onTheWay, `${name} received ${received} of ${sent} frames`);
        assert.ok(grown(index, 'decoded') > 0, `${name} decodes frames`);
      }
      const more = (what) => grown(0, what) + grown(1, what);
      return { freezes: more('freezes'), frozenMs: more('frozenMs') };
    };
  }
}
