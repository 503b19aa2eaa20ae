export { Experience, type ExperiencedJob } from './experience.ts'
export { type Attempt, Figures, type GroupFigures, type Spent } from './figures.ts'
export { Fits } from './fits.ts'
export { keepLast } from './keep-last.ts'
