import { createFileRoute } from "@tanstack/react-router";
import AccountPage from "@/features/accounts/account/AccountPage";

export const Route = createFileRoute("/_app/accounts/$account")({ component: Page });

function Page() {
  const { account } = Route.useParams();
  return <AccountPage id={account} key={account} />;
}
