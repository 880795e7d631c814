// The list of all invariants, each with a memory of its own for one world.

import {
  eventsComeInOrder,
  eventsReachTheCentre,
  nothingIsPublishedBeforeItIsStored,
  numbersAreNeverReused,
  storedEventsSurvive,
} from './events.ts';
import {
  nothingOpensWithoutCause,
  oneIncidentForOneCause,
  shelvesEndOnTime,
  theDeadAreTroubles,
  whatHoldsIsOpen,
  whatIsOverIsNot,
} from './incidents.ts';
import {
  outputsFollow,
  pointsAreTrue,
  retainedEqualsTheHouse,
  theWillIsOfItsSession,
  theWiresAreSafe,
} from './levels.ts';
import {
  aGoodDiskIsUsed,
  commandsAreRunOnce,
  nothingOutgrowsItsBound,
  replayEqualsTheLiveState,
  theLogSpeaksOfNoFaultOfOurs,
} from './memory.ts';
import type { Invariant } from './types.ts';

export function allInvariants(): Invariant[] {
  return [
    eventsComeInOrder(),
    nothingIsPublishedBeforeItIsStored(),
    numbersAreNeverReused(),
    eventsReachTheCentre(),
    storedEventsSurvive(),
    whatHoldsIsOpen(),
    whatIsOverIsNot(),
    nothingOpensWithoutCause(),
    oneIncidentForOneCause(),
    theDeadAreTroubles(),
    shelvesEndOnTime(),
    outputsFollow(),
    theWiresAreSafe(),
    pointsAreTrue(),
    retainedEqualsTheHouse(),
    theWillIsOfItsSession(),
    replayEqualsTheLiveState(),
    aGoodDiskIsUsed(),
    commandsAreRunOnce(),
    nothingOutgrowsItsBound(),
    theLogSpeaksOfNoFaultOfOurs(),
  ];
}
