// The page's first lines: styles, state, and the frame drawn into the document.

import './styles/tokens.css';
import './styles/light.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/frame.css';
import './styles/print.css';
import { render } from 'preact';
import { fetchAhead } from './ahead.ts';
import { App } from './app.tsx';
import { watchForSound } from './sound.ts';
import { sessionOrSoon, start } from './state.ts';
import { drawn } from './timing.ts';

void start();
void sessionOrSoon().then(() => {
  render(<App />, document.getElementById('app')!);
  // (a slow device needs a fifth of a second for its sound alone)
  void drawn().then(watchForSound);
  fetchAhead();
});
