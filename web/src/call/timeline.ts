/** How long joining takes, from the press on Join to the first picture of another person: the figure that the whole service is judged by. */

export const JOIN_CLICK = 'sidang:join-click';
export const FIRST_REMOTE_FRAME = 'sidang:first-remote-frame';
export const JOIN_MEASURE = 'sidang:join';

export type Marks = Pick<Performance, 'mark' | 'measure' | 'clearMarks' | 'clearMeasures'>;

export class JoinTimeline {
  private clicked = false;
  private join_ms: number | undefined;

  constructor(private readonly marks: Marks) {}

  click(): void {
    for (const name of [JOIN_CLICK, FIRST_REMOTE_FRAME]) this.marks.clearMarks(name);
    this.marks.clearMeasures(JOIN_MEASURE);
    this.marks.mark(JOIN_CLICK);
    this.clicked = true;
    this.join_ms = undefined;
  }

  /** A picture of someone else was drawn; the first after the press counts. The answer is the figure, once it is known. */
  remoteFrame(): number | undefined {
    if (!this.clicked) return this.join_ms;
    this.clicked = false;
    this.marks.mark(FIRST_REMOTE_FRAME);
    this.join_ms = Math.round(this.marks.measure(JOIN_MEASURE, JOIN_CLICK, FIRST_REMOTE_FRAME).duration);
    return this.join_ms;
  }
}
