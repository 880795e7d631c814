// Finds an answer in a stream of characters that ends lines with a carriage return and may echo the request and
// carry noise before it; pure. Shared by the protocols whose answers begin with a mark; knows none of them.

export interface AnswerReader<Answer> {
  /** Takes the next bytes, in any pieces; the first whole line with a mark is the answer. */
  push(bytes: Uint8Array): Answer | undefined;
  /** Did anything come at all? */
  readonly heard: boolean;
}

/**
 * @param marks characters of which an answer begins with one and holds no other
 * @param mostPendingCharacters far longer than any answer; what comes without a carriage return beyond it is noise
 * @param judge what a line, from its mark on and without the carriage return, says
 */
export function createAnswerReader<Answer>(
  marks: string,
  mostPendingCharacters: number,
  judge: (line: string) => Answer,
): AnswerReader<Answer> {
  let pending = '';
  let heard = false;
  return {
    get heard() {
      return heard;
    },
    push(bytes) {
      if (bytes.length > 0) heard = true;
      for (const byte of bytes) {
        if (byte !== 0x0d) {
          pending = (pending + String.fromCharCode(byte)).slice(-mostPendingCharacters);
          continue;
        }
        // noise may hold a mark of its own, an answer holds none after its first character
        const start = Math.max(...[...marks].map((mark) => pending.lastIndexOf(mark)));
        const line = pending.slice(start);
        pending = '';
        // a line without a mark is the request's echo, or the tail of a line that began before we listened
        if (start >= 0) return judge(line);
      }
      return undefined;
    },
  };
}
