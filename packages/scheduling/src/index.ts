export { type Admitted, admits, type RunningJob } from './admits.ts'
export {
  type ArrivedJob,
  type InOrderOfArrival,
  inOrderOfArrival,
  type Server,
} from './arrival-order/in-order-of-arrival.ts'
export { type Memory, serve } from './arrival-order/serve.ts'
export { SAME_TURN_MS } from './arrival-order/turns.ts'
export {
  type Bounds,
  type Choice,
  decide,
  endOf,
  type Expectation,
  levelOf,
  type Line,
  type Situation,
  type Standstill,
  type Turn,
  waitsSince,
} from './decide.ts'
export { overdueMs, type OverdueSituation } from './overdue.ts'
export {
  addUse,
  type Candidate,
  chooseJob,
  leastUsedOf,
  type Sender,
  type Shares,
  type Use,
  usedNowMs,
} from './fair-share.ts'
export { type Awaited, countGap, type Habit, UNKNOWN_HABIT, worthWaitingMs } from './habits.ts'
export type { CountedLine, Outlook, Work } from './forecast/course.ts'
export { type Estimate, Forecast, type Start } from './forecast/forecast.ts'
export { type CountedSender, startBefore, type WaitingJob } from './forecast/place.ts'
export {
  type Admission,
  Gate,
  type Held,
  heldNow,
  type HeldNow,
  type Hold,
  holdsSome,
  Openings,
} from './held.ts'
export { formatWindows, parseWindows, timeText, type WallTime, wallClock, type Window } from './windows.ts'
