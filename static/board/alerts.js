// What reaches somebody who looks elsewhere: desktop notifications and the tab's title.
import { TEXT } from './texts.js';
import { at, callerSpoken, duration } from './words.js';

/** One notification for each caller that nobody is answering; withdrawn as soon as that is over. */
export class Notices {
  #shown = new Map();

  get possible() {
    return 'Notification' in globalThis && Notification.permission !== 'denied';
  }

  get allowed() {
    return 'Notification' in globalThis && Notification.permission === 'granted';
  }

  async ask() {
    if (!('Notification' in globalThis)) return false;
    return (await Notification.requestPermission()) === 'granted';
  }

  show(ringing, on, now) {
    const wanted = on && this.allowed && document.hidden ? ringing.slice(0, 3) : [];
    const staying = new Set(wanted.map(({ id }) => id));
    const over = new Set(ringing.map(({ id }) => id));
    for (const [id, notice] of this.#shown) {
      if (staying.has(id) || (over.has(id) && on && document.hidden)) continue;
      notice.close();
      this.#shown.delete(id);
    }
    for (const call of wanted) if (!this.#shown.has(call.id)) this.#shown.set(call.id, this.#one(call, now));
  }

  #one(call, now) {
    const body = TEXT.noticeBody(duration(now - at(call.created_at)));
    const notice = new Notification(TEXT.noticeTitle(callerSpoken(call)), { body, tag: call.id, icon: '/icon.svg' });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
    return notice;
  }
}

/** The title flashes while somebody waits and neither eye nor ear may notice it. */
export function titleNow({ ringing, stale, unnoticed }, now) {
  const flashing = ringing > 0 && unnoticed && Math.floor(now / 1000) % 2 === 1;
  return flashing ? `● ${TEXT.flashTitle}` : TEXT.title(ringing, stale);
}
