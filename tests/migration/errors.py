from muxi import (
    AuthenticationError,
    AuthorizationError,
    ConnectionError,
    FormationClient,
    MuxiError,
    NotFoundError,
    RateLimitError,
    ServerError,
    ValidationError,
)
from muxi.errors import ConflictError, map_error


def formation(client_key: str, url: str = "http://localhost:7890") -> FormationClient:
    return FormationClient(server_url=url, formation_id="demo", client_key=client_key, admin_key="<admin_key>")


def attempt(client: FormationClient) -> None:
    try:
        client.chat_stream({"message": "Hello!"}, user_id="error_user")
        client.get_agent("nobody")
    except AuthenticationError as e:
        print(f"Auth failed: {e.message}")
    except RateLimitError as e:
        print(f"Rate limited, retry after: {e.retry_after}s")
    except ConnectionError as e:
        print(f"No connection: {e.status_code}")
    except MuxiError as e:
        print(f"Error: {e.code} - {e.message} ({e.status_code})")


attempt(formation("a wrong key"))
attempt(formation("<client_key>"))
attempt(formation("<client_key>", url="http://127.0.0.1:9"))

for kind in (AuthorizationError, NotFoundError, ServerError, ValidationError, ConflictError):
    print(issubclass(kind, MuxiError), end=" ")
print(map_error(429, "", "slow down", {"a": 1}, 5))
