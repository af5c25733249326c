/** An input that narrows what shows below it. */
export function Search({ label, placeholder = 'Search by name', text, onText, list }: SearchProps) {
  return (
    <input
      class="search"
      type="search"
      aria-label={label}
      placeholder={placeholder}
      list={list}
      value={text}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  );
}

interface SearchProps {
  readonly label: string;
  readonly placeholder?: string;
  readonly text: string;
  readonly onText: (text: string) => void;
  /** Id of a datalist with what could be meant. */
  readonly list?: string;
}
