import { Button } from './button.tsx'

interface PagerProps {
  /** Such as `1 to 50 of 1,204`, or only how many are shown where nobody counts. */
  readonly children: string
  readonly onPrevious?: (() => void) | undefined
  readonly onNext?: (() => void) | undefined
}

/** Leads to the page before and the one behind. Lists are read by keys and not by numbers of pages. */
export const Pager = ({ children, onPrevious, onNext }: PagerProps) => (
  <nav class="pager" aria-label="Pages">
    <span>{children}</span>
    <Button
      icon="previous"
      label="Previous page"
      isDisabled={!onPrevious}
      {...(onPrevious && { onClick: onPrevious })}
    />
    <Button icon="next" label="Next page" isDisabled={!onNext} {...(onNext && { onClick: onNext })} />
  </nav>
)
