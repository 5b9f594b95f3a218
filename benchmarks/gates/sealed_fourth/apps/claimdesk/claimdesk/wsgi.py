from claimdesk import create_app

app = create_app()
