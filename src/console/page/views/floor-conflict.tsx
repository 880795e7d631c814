// Two people drew up the same floor: who saves last is asked which of both is to stay, and nothing is lost before that.

import type { Floor } from '../../api.ts';
import { Button, Dialog } from '../parts/index.ts';
import { t } from '../words/index.ts';
import { say } from './floors-words.ts';

export function FloorConflict(props: {
  /** as it is on the gateway now */
  readonly theirs: Floor | 'removed';
  readonly onTake: (theirs: Floor) => Promise<void>;
  /** over this state, which was seen here; undefined: over nothing */
  readonly onKeep: (etag: string | undefined) => Promise<void>;
  readonly onClose: () => void;
}) {
  const { theirs } = props;
  const gone = theirs === 'removed';
  return (
    <Dialog title={say(gone ? 'removedTitle' : 'changedTitle')} onClose={props.onClose}>
      <p>{say(gone ? 'removedWhy' : 'changedWhy')}</p>
      <div class="actions">
        {!gone && (
          <Button
            kind="primary"
            onPress={async () => {
              await props.onTake(theirs);
              props.onClose();
            }}
          >
            {say('takeTheirs')}
          </Button>
        )}
        <Button
          kind="danger"
          onPress={async () => {
            props.onClose();
            await props.onKeep(gone ? undefined : theirs.etag);
          }}
        >
          {say('keepMine')}
        </Button>
        <Button onPress={props.onClose}>{t('button.cancel')}</Button>
      </div>
    </Dialog>
  );
}
