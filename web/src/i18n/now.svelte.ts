/** The present, to the half minute: what pages show as now, next and past follows it. */
const STEP_MS = 30_000;
let now = $state(Date.now());
setInterval(() => {
  now = Date.now();
}, STEP_MS);

export const present = {
  get now_ms(): number {
    return now;
  },
};
