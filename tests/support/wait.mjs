// Waiting for what a test has begun. Nothing sleeps for a time that might be enough.

// Ten times what a busy machine needs; nothing is measured with it.
export const deadlineMs = 20_000;

// Rejects, naming `what`, if the promise is not settled in time.
export async function within(promise, what, ms = deadlineMs) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`not within ${ms} ms: ${what}`);
    // A machine that stood still has the answer already: what has arrived is handled before a setImmediate.
    timer = setTimeout(() => setImmediate(() => reject(error)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// The moment that somebody named, so many milliseconds from now, has come.
function momentComes(askedMs, what) {
  const moment = performance.now() + askedMs;
  return until(() => performance.now() >= moment, `${what}: the moment that was named`, askedMs + deadlineMs);
}

// Comes again as often as it is asked to: `attempt` gives { again: MILLISECONDS } then, and anything else when it is
// done. One that is asked for longer than `ms` fails.
export async function comeAgain(attempt, what, ms = deadlineMs) {
  const limit = performance.now() + ms;
  for (;;) {
    const answer = await attempt();
    if (!answer.again) return answer;
    if (performance.now() > limit) throw new Error(`not within ${ms} ms: ${what}; it is asked to come again and again`);
    await momentComes(answer.again, what);
  }
}

// Asks again until the answer is true; for what can only be asked, such as a counter.
export async function until(ask, what, ms = deadlineMs) {
  const limit = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > limit) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
