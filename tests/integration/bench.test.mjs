// The form of what `waaft bench overload` says; its figures are those of a machine that does other things meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agrees } from '../support/output_schemas.mjs';
import { runWaaft } from '../support/registry.mjs';

const goals = ['closed_healthy', 'recovered_s', 'acked_lost', 'closed_healthy_burn', 'recovered_s_burn', 'acked_lost_burn',
  'closed_healthy_stop', 'recovered_s_stop', 'acked_lost_stop', 'joins_ratio'];
const others = ['people', 'joins_best_per_s', 'joins_offered_per_s', 'joins_overload_per_s'];

test('a small run has all figures, and says whether it counts', async () => {
  const run = await runWaaft(['bench', 'overload', '--quick', '--people', '30', '--output', 'json']);
  assert.ok(run.out, `${run.code}: ${run.err}`);
  const said = agrees('bench', run.out);
  assert.equal(said.bench, 'overload');
  const figures = new Map(said.results.map((figure) => [figure.name, figure]));
  for (const name of goals) assert.equal(typeof figures.get(name)?.met, 'boolean', name);
  for (const name of others) assert.ok(figures.get(name)?.value > 0, name);
  assert.equal(figures.get('people').value, 30);
  assert.equal(figures.get('acked_lost').value, 0);  // on any machine
  assert.equal(run.code, said.counts ? 0 : 1);
  assert.equal(/counts for nothing/.test(run.err), !said.counts);
});

test('a number of people that is none is refused before anything begins', async () => {
  for (const people of ['9', '15001', 'many', '']) {
    const run = await runWaaft(['bench', 'overload', '--people', people]);
    assert.equal(run.code, 2, people);
    assert.match(run.err, /--people/);
    assert.equal(run.out, '');
  }
});
