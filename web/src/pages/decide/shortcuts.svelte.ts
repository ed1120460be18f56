/** Whether single keys decide. They can be switched off (WCAG 2.2, 2.1.4), and stay so in this browser. */
const KEY = 'sidang.decide.shortcuts';
const read = (): boolean => {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
};
let on = $state(read());

export const shortcuts = {
  get on(): boolean {
    return on;
  },
  set on(value: boolean) {
    on = value;
    try {
      localStorage.setItem(KEY, value ? 'on' : 'off');
    } catch {
      // A browser that keeps nothing keeps the switch for this page.
    }
  },
};
