// Waiting for what a page will show. Deadlines are for machines ten times slower than any in use.
export const deadlineMs = 300_000;

// Asks until the answer is true and gives that answer; an error counts as "not yet" and is told at the end.
export async function eventually(what, ask, ms = deadlineMs) {
  const limit = performance.now() + ms;
  let last;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > limit) throw new Error(`not within ${ms} ms: ${what} (last: ${last?.message ?? JSON.stringify(last)})`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
