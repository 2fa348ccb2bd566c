"""What pipeline does when somebody is to be erased: here by request, or because contacts did."""
