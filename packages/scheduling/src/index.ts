export { type Admitted, admits, type RunningJob } from './admits.ts'
export { type Choice, chooseGroup, type Line, type Situation, type Turn } from './choose-group.ts'
