/** What somebody asks, and what a model answers. */
export interface Exchange {
  readonly question: string
  readonly answer: string
  /** What a model that can think thinks before it answers. */
  readonly thought?: string
}

/** What people ask in a chat. */
export const CHAT: readonly Exchange[] = [
  {
    question: 'Why is the sky blue?',
    answer:
      'Sunlight holds every colour. On its way through the air, short waves are scattered much more than long ones, so blue light reaches us from all directions while red passes straight through. At sunset the way is so long that most of the blue is gone, and what is left is orange and red.',
  },
  {
    question: 'How long should I boil an egg?',
    answer:
      'From boiling water: five minutes for a runny yolk, seven for one that is soft in the middle, ten for one that is firm. Put the eggs into cold water afterwards, or they go on cooking. Eggs from the fridge need a minute more.',
  },
  {
    question: 'What should I see on one day in Lisbon?',
    answer:
      'Begin early in the old town and walk up to the castle while it is cool. Take the tram down to the river for lunch, then a train along it to the tower and the monastery. Come back for the sunset at one of the viewpoints, and stay on the hill for dinner.',
  },
  {
    question: 'How do I keep basil alive on a windowsill?',
    answer:
      'Give it the brightest window you have and water it from below, when the top of the soil is dry. Supermarket pots hold far too many plants: divide them into three or four. Pick whole tips and not single leaves, so that it grows bushy and does not flower.',
  },
  {
    question: 'What is the difference between a lease and a licence?',
    answer:
      'A lease gives you a part of the land for a time: you may keep others out, even the owner. A licence only allows you to be there, so it can usually be ended sooner and cannot be passed on. What a paper is called does not decide it; what it grants does.',
  },
  {
    question: 'Explain a hash table to a twelve year old.',
    answer:
      'Imagine a wall of numbered drawers and a rule that turns every name into a number. To put something away you work out the number and open that drawer; to find it you do the same. You never search the whole wall. If two names get the same number, they share a drawer, and you look at both.',
  },
  {
    question: 'How can I politely decline a meeting?',
    answer:
      'Thank them, say it in the first sentence and offer something smaller: "Thank you for thinking of me. I cannot join on Thursday, but I am glad to answer questions in writing before then." A reason is not needed, and a long one sounds like an excuse.',
  },
]

/** What the first agent gives its small model to plan. */
export const PLANS: readonly Exchange[] = [
  {
    question: 'Plan the next step: the test for leap years fails.',
    thought: 'The failure is in 1900. The rule for centuries is probably missing.',
    answer: 'Read the function, add the rule for centuries, run that test alone, then all of them.',
  },
  {
    question: 'Plan the next step: the import of a large file is slow.',
    thought: 'It may read the whole file before it begins. Measure first.',
    answer: 'Profile one import, then read the file line by line and write in groups of a thousand.',
  },
  {
    question: 'Plan the next step: a button has no label for screen readers.',
    thought: 'An icon alone. It needs a name that assistive technology can read.',
    answer: 'Find the button, give it an accessible name, and add a test that asks for it by that name.',
  },
  {
    question: 'Plan the next step: two requests can create the same user.',
    thought: 'A check before an insert is a race. The database must refuse the second one.',
    answer: 'Add a unique index on the address, and turn its violation into a clear answer.',
  },
]

/** What the agents give their larger model to write. */
export const CODE: readonly Exchange[] = [
  {
    question: 'Write isLeapYear in TypeScript.',
    answer:
      'export const isLeapYear = (year: number): boolean =>\n  (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0',
  },
  {
    question: 'Write a test for isLeapYear.',
    answer:
      "test.each([[2024, true], [1900, false], [2000, true], [2023, false]])(\n  '%i: %s',\n  (year, expected) => expect(isLeapYear(year)).toBe(expected),\n)",
  },
  {
    question: 'Write a generator that divides a list into groups of a size.',
    answer:
      'export function* groupsOf<T>(list: readonly T[], size: number): Generator<T[], void> {\n  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size)\n}',
  },
  {
    question: 'Write the migration that makes addresses of users unique.',
    answer:
      'CREATE UNIQUE INDEX users_by_address ON users (lower(address));\n-- Fails while there are duplicates: merge those first.',
  },
  {
    question: 'Give the delete button an accessible name.',
    answer:
      '<button type="button" aria-label={`Delete ${item.name}`} onClick={() => remove(item.id)}>\n  <TrashIcon aria-hidden="true" />\n</button>',
  },
]

/** What the second agent looks up with the small model. */
export const SEARCHES: readonly Exchange[] = [
  {
    question: 'Which words would find papers about heat pumps in old buildings?',
    thought: 'Synonyms: retrofit, existing building stock, radiator temperatures.',
    answer: 'heat pump retrofit; existing building stock; low temperature radiators; seasonal performance',
  },
  {
    question: 'Which words would find papers about bees in cities?',
    thought: 'Pollinators, urban, green roofs, wild bees and honey bees apart.',
    answer: 'urban pollinators; wild bee diversity; green roofs; flower strips; city gardens',
  },
  {
    question: 'Which words would find papers about sleep and screens?',
    thought: 'Blue light, melatonin, adolescents, bedtime use.',
    answer: 'evening screen use; melatonin onset; short wavelength light; adolescent sleep',
  },
]

/** What the second agent has its larger model sum up. */
export const REPORTS: readonly Exchange[] = [
  {
    question: 'Sum up what was found about heat pumps in old buildings.',
    answer:
      'Most studies agree on three points. Larger radiators in two or three rooms are usually enough. Insulating the roof first lowers the flow temperature the most for its price. Measured seasonal performance lies between 2.8 and 3.6, a little below what the makers state.',
  },
  {
    question: 'Sum up what was found about bees in cities.',
    answer:
      'Cities hold more kinds of wild bees than the fields around them, as something flowers from March to October. What limits them is bare soil to nest in. More hives do not help: where honey bees are many, wild bees are fewer.',
  },
]

/** The tickets that come in bulk. */
export const TICKETS: readonly Exchange[] = [
  { question: 'The parcel arrived with a broken lid.', answer: 'damage, replacement wanted, friendly' },
  { question: 'I was charged twice for the same order.', answer: 'billing, refund wanted, annoyed' },
  { question: 'How do I change my delivery address?', answer: 'address, question, neutral' },
  { question: 'The app closes when I open my basket.', answer: 'defect in the app, help wanted, annoyed' },
  { question: 'Thank you, the new kettle is lovely!', answer: 'praise, no answer needed, happy' },
  { question: 'Where is my order from last week?', answer: 'delivery, question, impatient' },
  { question: 'Can I return a lamp without its box?', answer: 'return, question, neutral' },
  { question: 'The instructions are missing page four.', answer: 'manual, document wanted, neutral' },
]

/** The pages that are read at night. */
export const PAGES: readonly Exchange[] = [
  {
    question: 'Minutes of the parish council, 4 March 1931: the bridge at the mill.',
    answer:
      'The council accepts the repair of the mill bridge for 212 pounds, of which the county pays half. Work begins after the spring flood. Carts use the ford until then.',
  },
  {
    question: 'Letter of the schoolmaster, 18 November 1927: stoves and coal.',
    answer:
      'The schoolmaster asks for a second stove, as ink froze on six mornings. He offers to buy the coal himself if the council pays the pipe. No answer is on file.',
  },
  {
    question: 'Diary of the lock keeper, June 1934: barges and water.',
    answer:
      'Forty-one barges passed in June, nine fewer than the year before. Low water closed the lock on four days. The upper gate leaks, and new oak has been ordered.',
  },
  {
    question: 'Report of the fire brigade, 2 August 1929: the barn at Low Field.',
    answer:
      'The barn burnt down within an hour; the house was saved. Water had to come from the river, 300 yards away. The brigade asks for another length of hose.',
  },
]

const ALL = [...CHAT, ...PLANS, ...CODE, ...SEARCHES, ...REPORTS, ...TICKETS, ...PAGES]

/** What a model answers: to the question that comes last in its prompt. */
export const answerTo = (prompt: string): { text: string; thought?: string } => {
  const [last] = ALL.map(exchange => ({ exchange, at: prompt.lastIndexOf(exchange.question) }))
    .filter(({ at }) => at >= 0)
    .toSorted((a, b) => b.at - a.at)
  if (last === undefined) return { text: 'This model only knows the questions of the demonstration.' }
  const { answer: text, thought } = last.exchange
  return thought === undefined ? { text } : { text, thought }
}
