import type { LoginWays } from '@venfleet/console-api';
import { useEffect, useRef, useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { Backdrop } from '../shell/backdrop.js';
import { Field } from '../ui/field.js';
import { loginProblem } from './login-problem.js';

/** Who one is, as the server asks for it. */
export function LoginPage({ ways, notice }: { readonly ways: LoginWays; readonly notice: string | undefined }) {
  const { console } = usePage();
  const [error, setError] = useState<string | undefined>(undefined);
  const [isBusy, setIsBusy] = useState(false);
  const logIn = async (obtain: () => Promise<void> | void) => {
    setIsBusy(true);
    setError(undefined);
    try {
      await obtain();
      await console.open();
    } catch (failure) {
      console.login.end();
      setError(loginProblem(failure));
      setIsBusy(false);
    }
  };
  const { tokenUrl } = ways;
  return (
    <Backdrop>
      <h1>Log in</h1>
      {notice !== undefined && error === undefined && (
        <p class="notice" role="status">
          {notice}
        </p>
      )}
      {ways.ways.includes('client-credentials') && tokenUrl !== null && (
        <ClientForm
          isBusy={isBusy}
          error={error}
          onSubmit={(id, secret) => logIn(() => console.login.byClient(tokenUrl, id, secret))}
        />
      )}
      {ways.ways.includes('operator-token') && (
        <TokenForm isBusy={isBusy} error={error} onSubmit={(token) => logIn(() => console.login.byToken(token))} />
      )}
    </Backdrop>
  );
}

interface FormProps<A extends string[]> {
  readonly isBusy: boolean;
  readonly error: string | undefined;
  readonly onSubmit: (...texts: A) => void;
}

function ClientForm({ isBusy, error, onSubmit }: FormProps<[id: string, secret: string]>) {
  const [id, setId] = useState('');
  const [secret, setSecret] = useState('');
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(id.trim(), secret);
      }}
    >
      <Field id="client-id" label="Client id">
        {(ids) => (
          <input
            {...ids}
            type="text"
            value={id}
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            onInput={(e) => setId(e.currentTarget.value)}
          />
        )}
      </Field>
      <SecretField
        id="client-secret"
        label="Client secret"
        hint="Of a client with the role BL, as in the VTN’s credentials file."
        error={error}
        text={secret}
        onText={setSecret}
      />
      <Submit isBusy={isBusy} error={error} />
    </form>
  );
}

function TokenForm({ isBusy, error, onSubmit }: FormProps<[token: string]>) {
  const [token, setToken] = useState('');
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit(token.trim());
      }}
    >
      <SecretField
        id="operator-token"
        label="Operator token"
        hint="As the agent’s configuration names it: ops.console.token."
        error={error}
        text={token}
        onText={setToken}
      />
      <Submit isBusy={isBusy} error={error} />
    </form>
  );
}

/** What is to be typed again after an error: it has the focus then. */
function SecretField({ id, label, hint, error, text, onText }: SecretFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (error !== undefined) input.current?.select();
  }, [error]);
  return (
    <Field id={id} label={label} error={error} hint={hint}>
      {(ids) => (
        <input
          {...ids}
          ref={input}
          type="password"
          value={text}
          required
          autocomplete="current-password"
          onInput={(event) => onText(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface SecretFieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly error: string | undefined;
  readonly text: string;
  readonly onText: (text: string) => void;
}

function Submit({ isBusy, error }: { readonly isBusy: boolean; readonly error: string | undefined }) {
  return (
    <>
      <p class="visually-hidden" role="alert">
        {error}
      </p>
      <button type="submit" class="button button--main" disabled={isBusy}>
        {isBusy ? 'Logging in …' : 'Log in'}
      </button>
    </>
  );
}
