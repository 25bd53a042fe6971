//! The orchestrator, triggers, procedures and skills.

use crate::api::{table::endpoints, types::Object};

endpoints! { Formation;
    /// The orchestrator's configuration.
    json get_overlord_config -> OverlordConfig = GET "/overlord", admin {}

    /// The orchestrator's persona.
    json get_overlord_soul -> Soul = GET "/overlord/soul", admin {}

    /// The language model section of the configuration.
    json get_llm_settings -> Object = GET "/llm/settings", admin {}

    /// The names of the triggers.
    json get_triggers -> TriggerList = GET "/triggers", client {}

    /// One trigger: its template and the data fields that it expects.
    json get_trigger -> Trigger = GET "/triggers/{name}", client {
        /// The trigger's name.
        name: String => path,
    }

    /// Fire a trigger with data for its template. With `async_mode` the reply comes at once: poll its `request_id`.
    json fire_trigger -> TriggerResult = POST "/triggers/{name}", client {
        /// The trigger's name.
        name: String => path,
        /// The values for the trigger's template.
        data: Object => trigger,
    } with {
        /// Answer at once and run the trigger in the background.
        kw async_mode: bool => body as "use_async" = "false",
        /// The user on whose behalf the call is made; the formation's default user when empty.
        kw user_id: String => any_user = "",
        /// The conversation that the trigger's turn belongs to.
        kw session_id: String => body,
    }

    /// The standard operating procedures.
    json get_sops -> SopList = GET "/sops", client {}

    /// One standard operating procedure with its text.
    json get_sop -> Sop = GET "/sops/{name}", client {
        /// The procedure's name.
        name: String => path,
    }

    /// The loaded skills. The shipped runtime answers 500.
    json list_skills -> SkillList = GET "/skills", client {}

    /// One skill. The shipped runtime answers 500.
    json get_skill -> Skill = GET "/skills/{name}", client {
        /// The skill's name.
        name: String => path,
    }

    /// The skills that one agent may use. The shipped runtime answers 500.
    json list_agent_skills -> SkillList = GET "/agents/{agent_id}/skills", client {
        /// The agent's id.
        agent_id: String => path,
    }
}
