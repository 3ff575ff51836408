// `waaft login HOST`: asks the registry whether it takes the login, then keeps it where Docker keeps it.
//
// Thread: main. Ownership: the Command owns its options. Errors: those of login.h and registry/failure.h.
// With --output json stdout gets one object, {"schema": "waaft.login/1", "result": "kept", "registry": "...",
// "user": "...", "kept_in": "...", "checked": true}, also after a failure: docs/schemas/waaft.login-1.json.
#pragma once

#include "cmd/command.h"

namespace waaft::cmd {

Command login_command(const Environment& environment);

}  // namespace waaft::cmd
