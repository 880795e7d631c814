// Breaks a text into lines of a width: between words, and between Chinese characters where their typography allows
// it. A word that is wider than a line is broken anywhere. Knows widths only by the function that it is given.

const wide = /[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\u{20000}-\u{3ffff}]/u;
/** May not begin a line. */
const closing = /[，。、；：！？）】》〉」』”’…—·%,.;:!?)\]}]/u;
/** May not end a line. */
const opening = /[（【《〈「『“‘([{]/u;

/** At least one line; `widthOf` and `width` in the same unit. */
export function linesOf(text: string, width: number, widthOf: (text: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  const put = (piece: string, pieceWidth: number): void => {
    line += piece;
    used += pieceWidth;
  };
  const feed = (): void => {
    lines.push(line.trimEnd());
    line = '';
    used = 0;
  };
  for (const piece of piecesOf(text)) {
    // blanks at the end of a line take no room
    const inked = widthOf(piece.trimEnd());
    if (used > 0 && used + inked > width) feed();
    if (inked <= width) {
      put(piece, widthOf(piece));
      continue;
    }
    for (const character of piece) {
      const characterWidth = widthOf(character);
      if (used > 0 && used + characterWidth > width) feed();
      put(character, characterWidth);
    }
  }
  if (line !== '' || lines.length === 0) feed();
  return lines;
}

/** What stays together on a line. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  let before = '';
  for (const character of text) {
    if (piece !== '' && mayBreak(before, character)) {
      pieces.push(piece);
      piece = '';
    }
    piece += character;
    before = character;
  }
  if (piece !== '') pieces.push(piece);
  return pieces;
}

function mayBreak(before: string, after: string): boolean {
  if (closing.test(after) || opening.test(before) || after === ' ') return false;
  return before === ' ' || /[-/]/.test(before) || wide.test(before) || wide.test(after);
}
