export { type Choice, chooseGroup, type Line, type Situation, type Turn } from './choose-group.ts'
