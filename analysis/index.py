def write(folder, base_url=""):
    pass
