// The place of a silent incident on a screen that anybody may look at: one small calm word, the same in every view, that
// says nothing to whoever does not know it. It leads to the login; where there is nobody to log in it shows the incident
// for a minute. No sound, no colour, no live region: what is read aloud would be heard.

import { go, route } from './router.ts';
import { hushed, reveal, session } from './state.ts';
import { t } from './words/index.ts';

export function HushNote() {
  const count = hushed.value.size;
  if (count === 0) return null;
  const open = (): void => {
    const { user, canLogIn } = session.value ?? {};
    if (user === undefined && canLogIn) {
      go(`login?back=${encodeURIComponent(route.value.path)}`);
      return;
    }
    reveal();
    go('wall');
  };
  return (
    <button
      type="button"
      class="button quiet hush-note"
      aria-label={t('hush.open', { count })}
      onClick={open}
    >
      {t('hush.note', { count })}
    </button>
  );
}
