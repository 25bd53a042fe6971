from muxi import FormationClient

formation = FormationClient(
    server_url="http://localhost:7890", formation_id="demo", client_key="<client_key>", admin_key="<admin_key>"
)

job = formation.create_scheduler_job(
    job_type="recurring",  # Adapted: the documentation says "prompt", which the runtime refuses.
    schedule="0 9 * * *",
    message="Write the daily summary",
    user_id="scheduler_user",
)
jobs = formation.get_scheduler_jobs(user_id="scheduler_user")
print([one["id"] == job["id"] for one in jobs["jobs"]])

formation.pause_scheduler_job(job["id"])
formation.resume_scheduler_job(job["id"])
formation.delete_scheduler_job(job_id=job["id"])
print(formation.get_scheduler_jobs(user_id="scheduler_user")["count"])
